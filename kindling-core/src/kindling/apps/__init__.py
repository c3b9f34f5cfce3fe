"""Apps: load, validate, execute."""

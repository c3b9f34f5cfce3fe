"""JSON Schema of settings models, derived from the same shapes as the check."""

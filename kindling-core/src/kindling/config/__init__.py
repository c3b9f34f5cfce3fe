"""Configuration: YAML with positions, overlays, interpolation, checking, JSON Schema."""

"""Named storage places, each with its own account and auth."""

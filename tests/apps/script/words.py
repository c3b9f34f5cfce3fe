"""A module beside the entry point."""

greeting = "hello"

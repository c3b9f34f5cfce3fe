"""The app's package."""

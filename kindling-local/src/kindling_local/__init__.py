"""The Kindling plugin for local."""

__version__ = "0.1.0"

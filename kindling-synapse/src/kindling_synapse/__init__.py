"""The Kindling plugin for synapse."""

__version__ = "0.1.0"

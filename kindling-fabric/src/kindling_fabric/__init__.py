"""The Kindling plugin for fabric."""

__version__ = "0.1.0"

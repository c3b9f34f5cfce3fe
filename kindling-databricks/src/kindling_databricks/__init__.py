"""The Kindling plugin for databricks."""

__version__ = "0.1.0"

"""The Kindling plugin for the laptop: runs apps on this machine, with Spark where an extra brings it."""

__version__ = "0.1.0"

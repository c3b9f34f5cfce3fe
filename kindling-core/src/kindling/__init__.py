"""Kindling: write a Spark data app once, and run, package, deploy and watch it, unchanged, everywhere."""

__version__ = "0.1.0"

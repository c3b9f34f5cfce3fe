"""Storages of the core's own, and bulk transfer over any storage."""

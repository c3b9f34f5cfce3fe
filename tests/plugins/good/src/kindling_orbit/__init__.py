"""Orbit: a cloud in the memory of the process, for the tests of the plugin contract."""

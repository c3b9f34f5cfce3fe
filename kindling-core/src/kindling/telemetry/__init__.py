"""Structured logging: every record knows its run, app, platform and environment."""

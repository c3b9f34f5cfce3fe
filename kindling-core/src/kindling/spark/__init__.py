"""Spark sessions: through Sail, the JVM, or the platform's own."""

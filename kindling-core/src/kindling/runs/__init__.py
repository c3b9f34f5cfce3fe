"""Run records: what ran, when, how it ended, what it logged."""

"""The quickstart: a small project with real data, made and run in seconds, without Java, cloud or account."""

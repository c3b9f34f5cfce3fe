"""The plugin host: finds, loads, isolates, routes and opens plugins."""

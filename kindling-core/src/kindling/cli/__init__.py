"""The command line. Thin: a command parses, calls what does the work, and prints.

``main`` knows all commands by name and imports only the one that was typed; ``options`` has the options that every
command takes; ``session`` is what a command works with; ``output`` prints, also errors.
"""

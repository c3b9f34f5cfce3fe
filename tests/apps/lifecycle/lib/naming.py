"""Names of parts."""


def name_of(number):
    """Return the name of a part."""
    return f"part-{number}"

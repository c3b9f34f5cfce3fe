"""Reading parts."""

from .naming import name_of


def read_part(number):
    """Return what stands for a part."""
    return name_of(number)

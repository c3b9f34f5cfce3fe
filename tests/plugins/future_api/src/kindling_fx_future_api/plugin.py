"""Made for a plugin API that does not exist yet: it must not be imported, for what it imports is not there."""

from kindling.contracts import SomethingOfTheFuture  # noqa: F401

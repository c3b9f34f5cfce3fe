"""The execution contract: where an app runs, with which Spark, and as whom."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kindling.contracts.auth import Credential
from kindling.errors import UnsupportedOperation

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class Detection:
    """What a platform saw of itself.

    Args:
        evidence: What was seen, in words, at least one.
        certain: False where it could be another platform too.

    Example:
        >>> Detection(("DATABRICKS_RUNTIME_VERSION=16.4",)).certain
        True
    """

    evidence: tuple[str, ...]
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class Identity:
    """As whom the platform runs an app.

    Args:
        name: For people: an address, or the name of a service principal.
        kind: ``user``, ``service_principal``, ``managed_identity``, ``os_user``, …
        id: The directory's object id, where there is one.
        details: What else the platform tells; no secrets.

    Example:
        >>> Identity(name="ada@example.com", kind="user").id is None
        True
    """

    name: str
    kind: str
    id: str | None = None
    details: Mapping[str, str] = field(default_factory=dict)


class AppRunner(ABC):
    """App execution on one platform. Synchronous and thread-safe.

    Example:
        >>> class Plain(AppRunner):
        ...     def spark_session(self, conf):
        ...         raise UnsupportedOperation("no Spark here")
        >>> Plain().package_path("packages").name
        'packages'
    """

    @abstractmethod
    def spark_session(self, conf: Mapping[str, str]) -> SparkSession:
        """Return the platform's Spark session: the active one where there is one, else a new one.

        Args:
            conf: Configuration that it must have, by key.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform has no Spark.
            KindlingError: KDL-SPK-001, Spark is not installed here; names the extra to install.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().spark_session({})
            Traceback (most recent call last):
                ...
            kindling.errors.UnsupportedOperation: there is no Spark here
        """

    def credential(self) -> Credential:
        """Return the platform's own identity as a credential.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform has none.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().credential()
            Traceback (most recent call last):
                ...
            kindling.errors.UnsupportedOperation: PlainRunner has no credential of its own
        """
        raise UnsupportedOperation(f"{type(self).__name__} has no credential of its own")

    def identity(self) -> Identity:
        """Return as whom apps run here.

        Raises:
            UnsupportedOperation: KDL-PLG-020, the platform does not tell.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().identity()
            Traceback (most recent call last):
                ...
            kindling.errors.UnsupportedOperation: PlainRunner does not tell its identity
        """
        raise UnsupportedOperation(f"{type(self).__name__} does not tell its identity")

    def display(self, value: Any) -> None:
        """Show a value as the platform does: a table in a notebook, text elsewhere.

        Args:
            value: Anything; data frames are shown as tables.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().display({"rows": 3})
            {'rows': 3}
        """
        print(value)  # noqa: T201 - showing is what this is for

    def package_path(self, default: str | Path) -> Path:
        """Return the folder in which environments of packages are kept.

        Args:
            default: What the core would take.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().package_path("packages").name
            'packages'
        """
        return Path(default)

    def run_id(self) -> str | None:
        """Return the platform's own id of the run that this process belongs to, or None outside of one.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().run_id() is None
            True
        """
        return None

    def close(self) -> None:  # noqa: B027 - most runners hold nothing open
        """Give back what is held open. Called once, with the framework's end.

        Example:
            >>> from kindling.testing import PlainRunner
            >>> PlainRunner().close()
        """

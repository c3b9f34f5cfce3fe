"""Descriptors: what a hook yields. Each names what it serves and, as a string, how to open it.

A descriptor checks itself when it is made, so that a mistake shows where it was written and not where it is
used. Making one imports nothing; opening one imports the module its ``opens`` names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import ClassVar

from kindling.errors import PluginError
from kindling.frozen import dataclass, field

#: ``"module:attribute"``; resolved on opening, never on listing.
Ref = str

_REF = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")
_HOST = re.compile(r"[a-z0-9*]([a-z0-9.-]*[a-z0-9])?(:\d+)?")


class Level(str, Enum):
    """How far a capability goes.

    Example:
        >>> Level("partial") is Level.PARTIAL
        True
    """

    FULL = "full"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Support:
    """How far a backend supports one capability.

    Args:
        level: Full, partial or unsupported.
        reason: Why it is less than full; required where it is.

    Raises:
        PluginError: KDL-PLG-010, where it is less than full and gives no reason.

    Example:
        >>> Support(Level.FULL)
        Support(level=<Level.FULL: 'full'>, reason='')
    """

    level: Level
    reason: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.level, Level):
            raise _invalid("Support", "level", self.level, "a Level: Level.FULL, Level.PARTIAL or Level.UNSUPPORTED")
        if self.level is not Level.FULL and not self.reason.strip():
            raise _invalid("Support", "reason", self.reason, f"the reason why it is {self.level.value}")


class _Unchanging(Mapping[str, Support]):
    """A mapping that stays as it is, so that it can be hashed."""

    def __init__(self, items: Mapping[str, Support]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Support:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return repr(self._items)


@dataclass(frozen=True, kw_only=True)
class Backend:
    """What every descriptor has.

    Args:
        opens: ``module:attribute`` of a callable that takes ``(context, settings)`` and returns the object;
            for storage also ``credential=``.
        settings: ``module:attribute`` of a frozen dataclass with the backend's settings, or None for none.
        capabilities: What is supported how far, by capability name. Undeclared means unsupported.
        summary: One line for lists.

    Raises:
        PluginError: KDL-PLG-010, where a field does not hold.

    Example:
        >>> Backend(opens="kindling_emr.storage")
        Traceback (most recent call last):
            ...
        kindling.errors.PluginError: Backend.opens is 'kindling_emr.storage'; expected 'module:attribute', ...
    """

    family: ClassVar[str] = ""

    opens: Ref
    settings: Ref | None = None
    capabilities: Mapping[str, Support] = field(default_factory=dict)
    summary: str = ""

    def __post_init__(self) -> None:
        self._check_ref("opens", required=True)
        self._check_ref("settings")
        if not isinstance(self.capabilities, Mapping):
            raise self._invalid("capabilities", "a mapping of capability names to Support")
        for name, support in self.capabilities.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise _invalid(type(self).__name__, "capabilities", name, "names in lower case: 'retries'")
            if not isinstance(support, Support):
                raise _invalid(type(self).__name__, f"capabilities[{name!r}]", support, "a Support")
        # A copy that cannot be changed: not even by whoever made the descriptor.
        object.__setattr__(self, "capabilities", _Unchanging(self.capabilities))
        if not isinstance(self.summary, str) or "\n" in self.summary:
            raise self._invalid("summary", "one line of text")

    def support(self, capability: str) -> Support:
        """Return how far ``capability`` is supported; what is not declared is not supported."""
        return self.capabilities.get(capability) or Support(Level.UNSUPPORTED, f"{capability} is not declared")

    def _check_ref(self, name: str, *, required: bool = False) -> None:
        value = getattr(self, name)
        if value is None and not required:
            return
        if not isinstance(value, str) or not _REF.fullmatch(value):
            raise self._invalid(name, "'module:attribute', for example 'kindling_acme.storage:open_storage'")

    def _check_name(self, name: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, str) or not _NAME.fullmatch(value):
            raise self._invalid(name, "a name in lower case: letters, digits, '_' and '-', a letter first")

    def _check_names(self, name: str, pattern: re.Pattern[str], expected: str) -> None:
        value = getattr(self, name)
        if not isinstance(value, tuple):
            raise self._invalid(name, f"a tuple: {expected}")
        for item in value:
            if not isinstance(item, str) or not pattern.fullmatch(item):
                raise _invalid(type(self).__name__, name, item, expected)

    def _invalid(self, name: str, expected: str) -> PluginError:
        return _invalid(type(self).__name__, name, getattr(self, name), expected)


@dataclass(frozen=True, kw_only=True)
class StorageBackend(Backend):
    """A storage: a type of connection, with the URLs it serves.

    A URI that no connection of the project covers is opened where the settings class has a class method
    ``from_uri(uri) -> (settings, path)``; without one, only connections open the storage.

    Args:
        name: The connection type, as written in ``type:``.
        schemes: URL schemes it serves, without ``://``.
        hosts: Host suffixes it serves, for schemes that several storages share; the longest one wins.
        auth_modes: Modes that ``auth_mode:`` of its connections may name, the default first.

    Example:
        >>> StorageBackend(name="s3", schemes=("s3", "s3a"), opens="kindling_emr.storage:open_storage").name
        's3'
    """

    family: ClassVar[str] = "storage"

    name: str
    schemes: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    auth_modes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_name("name")
        self._check_names("schemes", _SCHEME, "schemes without '://', for example ('s3', 's3a')")
        self._check_names("hosts", _HOST, "host suffixes, for example ('dfs.core.windows.net',)")
        self._check_names("auth_modes", _NAME, "names of auth modes, for example ('entra', 'sas')")


@dataclass(frozen=True, kw_only=True)
class AuthBackend(Backend):
    """A way to get a credential.

    Args:
        mode: As written in ``auth_mode:`` of a connection.

    Example:
        >>> AuthBackend(mode="aws_profile", opens="kindling_emr.auth:open_profile").mode
        'aws_profile'
    """

    family: ClassVar[str] = "auth"

    mode: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_name("mode")


@dataclass(frozen=True, kw_only=True)
class SecretBackend(Backend):
    """A store of secrets.

    Args:
        name: As written in ``${secret:NAME/…}``.

    Example:
        >>> SecretBackend(name="vault", opens="kindling_emr.secrets:open_vault").name
        'vault'
    """

    family: ClassVar[str] = "auth"

    name: str

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_name("name")


@dataclass(frozen=True, kw_only=True)
class JobBackend(Backend):
    """Job deployment on a platform.

    Args:
        platform: The platform's name.
        artifact_schemes: Schemes of artifacts roots that its jobs can read.
        shim: ``module:attribute`` of a standard-library-only source that defines ``fetch(uri, path)`` and
            ``store(path, uri)``; the core puts it into the bootstrap file of every job.

    Example:
        >>> JobBackend(platform="emr", artifact_schemes=("s3",), opens="kindling_emr.jobs:open_deployer").platform
        'emr'
    """

    family: ClassVar[str] = "jobs"

    platform: str
    artifact_schemes: tuple[str, ...]
    shim: Ref | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_name("platform")
        self._check_names("artifact_schemes", _SCHEME, "schemes without '://', for example ('abfss',)")
        self._check_ref("shim")


@dataclass(frozen=True, kw_only=True)
class ExecutionBackend(Backend):
    """App execution on a platform.

    Args:
        platform: The platform's name.
        detect: ``module:attribute`` of a function without arguments that returns a ``Detection`` or None.
        simulator: ``module:attribute`` of what ``kindling simulate`` starts.
        targets: ``module:attribute`` of the runtime profiles that dependencies are locked against.

    Example:
        >>> ExecutionBackend(platform="emr", opens="kindling_emr.execution:open_runner").platform
        'emr'
    """

    family: ClassVar[str] = "execution"

    platform: str
    detect: Ref | None = None
    simulator: Ref | None = None
    targets: Ref | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_name("platform")
        for name in ("detect", "simulator", "targets"):
            self._check_ref(name)


def _invalid(owner: str, name: str, value: object, expected: str) -> PluginError:
    return PluginError(
        f"{owner}.{name} is {value!r}; expected {expected}",
        code="KDL-PLG-010",
        context={"descriptor": owner, "field": name, "value": repr(value), "expected": expected},
        suggestions=[f"correct {name} where the {owner} is made"],
    )

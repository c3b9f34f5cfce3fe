"""What ``app.yaml`` says, as values: the app, and its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from kindling.frozen import dataclass, field

#: The file that makes a folder an app.
FILE_NAME: Final = "app.yaml"

#: Names that mean something in a context or in a script. A parameter by one of them would hide it.
RESERVED_NAMES: Final = frozenset(
    {
        "framework", "logger", "spark", "config", "parameters", "environment", "platform", "app", "run_id",
        "folder", "setup", "result", "cancelled", "report_progress", "remaining_seconds", "context",
        "get", "items", "keys", "values", "keep_setup",
    }
)  # fmt: skip

_LONGEST_NAME: Final = 63
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file: these are devices on Windows, with any ending.
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(10)), *(f"lpt{n}" for n in range(10))}
)


class EntryStyle(str, Enum):
    """How an app is written."""

    SCRIPT = "script"
    LIFECYCLE = "lifecycle"


class Unset(Enum):
    """The type of :data:`UNSET`: a parameter that has no default, which is not the same as the default null."""

    UNSET = "unset"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET

#: The types that a parameter may have.
PARAMETER_TYPES: Final = ("string", "integer", "number", "boolean", "date", "datetime", "list")


@dataclass(frozen=True)
class ParameterDefinition:
    """One parameter of an app.

    Args:
        type: One of :data:`PARAMETER_TYPES`.
        default: Its value where none is given, already of its type; :data:`UNSET` for none.
        required: Whether a run without it is refused.
        choices: The only values it may have, already of its type; empty for any.
        description: What it is for, in a sentence.

    Example:
        >>> ParameterDefinition(type="integer", default=3).default
        3
    """

    type: str = "string"
    default: Any = UNSET
    required: bool = False
    choices: tuple[Any, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class AppDefinition:
    """What ``app.yaml`` and its overlay say, checked.

    Args:
        name: The app's name; also the name of its folder in a project.
        version: Its version (PEP 440), or None where it has none yet.
        description: What it does, in a sentence.
        entry_point: File in the app's folder that is executed, with ``/`` between names.
        pipeline: ``FILE#NAME``; not built yet.
        workflow: ``MODULE:NAME``; not built yet.
        platforms: The platforms it supports; empty for all.
        parameters: Its parameters by name, in the order of the file.
        job: Settings of the job that it is deployed as, as written; the platform's plugin checks them.
        locked: Whether it runs with locked dependencies only.
        restricted: Whether it runs with restricted rights.
        lazy: Whether its dependencies are fetched when first imported.
        executable: Files that are marked executable in a package.
        time_limit: Seconds that a run may take, or None for no limit.

    Example:
        >>> AppDefinition(name="orders", entry_point="main.py").supports("local")
        True
    """

    name: str
    version: str | None = None
    description: str = ""
    entry_point: str | None = None
    pipeline: str | None = None
    workflow: str | None = None
    platforms: tuple[str, ...] = ()
    parameters: Mapping[str, ParameterDefinition] = field(default_factory=dict)
    job: Mapping[str, Any] = field(default_factory=dict)
    locked: bool = False
    restricted: bool = False
    lazy: bool = False
    executable: tuple[str, ...] = ()
    time_limit: float | None = None

    def supports(self, platform: str) -> bool:
        """Return whether the app says that it runs on a platform.

        Args:
            platform: For example ``local``.
        """
        return not self.platforms or platform in self.platforms


def name_fault(name: str) -> str | None:
    """Say what is wrong with an app's name, or None.

    A name becomes a folder on three systems, a part of a module's name, of a URL and of a job's name.

    Args:
        name: The name as written.

    Example:
        >>> name_fault("orders"), name_fault("con")
        (None, "'con' is a device on Windows")
    """
    if not _is_plain(name.replace("-", "_")):
        return f"{name!r} is no name for an app: a letter first, then letters, digits, '_' and '-', at most 63"
    if name.lower() in _DEVICES:
        return f"{name!r} is a device on Windows"
    return None


def parameter_name_fault(name: str) -> str | None:
    """Say what is wrong with a parameter's name, or None.

    Args:
        name: The name as written.

    Example:
        >>> parameter_name_fault("day"), parameter_name_fault("spark")
        (None, "a parameter may not be called 'spark': the context has something by that name")
    """
    from keyword import iskeyword

    if name in RESERVED_NAMES or iskeyword(name):
        owner = "Python" if iskeyword(name) else "the context"
        return f"a parameter may not be called {name!r}: {owner} has something by that name"
    if not _is_plain(name):
        return f"{name!r} is no name for a parameter: a letter first, then letters, digits and '_', at most 63"
    return None


def _is_plain(name: str) -> bool:
    """Whether a name is a letter, then letters, digits and underscores, all of them ASCII, and not too long."""
    return name.isascii() and name.isidentifier() and name[0] != "_" and len(name) <= _LONGEST_NAME

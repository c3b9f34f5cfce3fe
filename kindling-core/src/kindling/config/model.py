"""The keys of ``kindling.yaml``."""

# Annotations are values here, not texts: checking a file needs them, and would have to evaluate each.
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from kindling.config.fields import setting
from kindling.config.sections import Section

#: What names an environment, and so a file: no separators, no leading dot.
ENVIRONMENT_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


@dataclass(frozen=True, kw_only=True)
class PluginsConfig:
    """The section ``plugins:``."""

    disable: tuple[str, ...] = setting(default=(), doc="Plugins that are not loaded, by name; '*' for all.")
    allow: tuple[str, ...] | None = setting(default=None, doc="The only plugins that are loaded. Without it: all.")
    prefer: Mapping[str, str] = setting(
        default_factory=dict,
        doc="Which plugin serves a thing that several claim.",
        example='{scheme.s3: emr}',
    )  # fmt: skip
    strict: bool = setting(default=False, doc="Whether a broken plugin is an error, for those who write plugins.")


@dataclass(frozen=True, kw_only=True)
class ProjectConfig:
    """The configuration of a project: ``kindling.yaml`` with its overlay, environment variables and options.

    Example:
        >>> ProjectConfig(project="shop").environment
        'dev'
    """

    project: str = setting(default="", doc="Name of the project. Without it: the name of its folder.")
    environment: str = setting(
        default="dev",
        pattern=ENVIRONMENT_PATTERN,
        example="dev",
        doc="Environment that is used where none is asked for. Its overlay is kindling.<environment>.yaml.",
    )
    artifacts: str = setting(
        default=".kindling/artifacts",
        doc="The artifacts root: storage folder that holds releases and wheels. A folder of the project, or a URI.",
        example="abfss://artifacts@shopdata.dfs.core.windows.net/kindling",
    )
    platforms: Mapping[str, Section] = setting(
        default_factory=dict, doc="Settings of platforms by their name; each platform's plugin says what it takes."
    )
    connections: Mapping[str, Section] = setting(
        default_factory=dict, doc="Named storage places; type chooses what else a connection takes."
    )
    engine: Literal["pandas", "spark"] | None = setting(
        default=None, doc="What executes pipeline nodes. Without it: the platform's own."
    )
    trust: Any = setting(default=None, doc="Whose signatures on packages are trusted; not read by this version.")  # noqa: RUF009 - makes a field
    allow: Any = setting(default=None, doc="What is allowed that is refused otherwise; not read by this version.")  # noqa: RUF009 - makes a field
    plugins: PluginsConfig = field(default_factory=PluginsConfig)
    runs: Any = setting(default=None, doc="Where run records are kept; not read by this version.")  # noqa: RUF009 - makes a field
    env_file: str | None = setting(
        default=None, doc="A file of environment variables to read, from the folder of this file.", example=".env"
    )
    vars: Section | None = setting(  # noqa: RUF009 - makes a field
        default=None, doc="Values for ${var.name}; an overlay, KINDLING_VARS__NAME or --var changes them."
    )

"""The schema of ``kindling.yaml`` as a whole, with what plugins add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kindling.config.model import ProjectConfig
from kindling.config.schema import json_schema

if TYPE_CHECKING:
    from kindling.config.loaded import SectionModels


def schema_of_project(sections: SectionModels | None = None) -> dict[str, Any]:
    """Return the JSON Schema of ``kindling.yaml``.

    Args:
        sections: Gives the models of plugins; without it, platforms and connections take anything.

    Example:
        >>> schema_of_project()["title"]
        'kindling.yaml'
    """
    from kindling.config.loaded import CONNECTION_KEYS, PLATFORM_KEYS, connection_models

    if sections is None:
        return json_schema(ProjectConfig, title="kindling.yaml")
    return json_schema(
        ProjectConfig,
        title="kindling.yaml",
        platforms={name: sections.platform(name) for name in sections.platform_names()},
        connections={name: connection_models(sections, name) or None for name in sections.connection_types()},
        also={"platforms": PLATFORM_KEYS, "connections": CONNECTION_KEYS},
    )

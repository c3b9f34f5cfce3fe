"""Loading the configuration of a project: files, overlay, environment variables, options; laid on each other.

What stands higher wins: the command line, then environment variables, then the overlay, then the base file. Maps
merge, lists replace, ``null`` removes.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from kindling.config.checking import in_order
from kindling.config.layers import Layers
from kindling.config.layers import find_project as find_project
from kindling.config.loaded import LoadedConfig as LoadedConfig
from kindling.config.loaded import SectionModels as SectionModels
from kindling.errors import ConfigError


def load_config(
    start: Path | None = None,
    *,
    file: Path | None = None,
    environment: str | None = None,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    env_file: Path | None = None,
    sections: SectionModels | None = None,
    use: Collection[str] | None = None,
) -> LoadedConfig:
    """Load and check the configuration of a project.

    Sections of platforms and connections are checked when they are used, or here where ``use`` names them.

    Args:
        start: Where to look for ``kindling.yaml``, upwards. Without it: the working directory.
        file: The base file itself; its overlay lies beside it.
        environment: Name of the environment. Without it: ``KINDLING_ENVIRONMENT``, else ``environment:`` of the base
            file, else ``dev``.
        variables: Values for ``${var.…}``, as of ``--var``.
        environ: Environment variables; without it, those of the process.
        env_file: A file of environment variables; without it, the one that ``env_file:`` names. What is set in the
            environment itself wins.
        sections: Gives the models of sections.
        use: Paths of the sections to check now: ``platforms.fabric``, ``connections``, ``*`` for all.

    Returns:
        The configuration. Without a ``kindling.yaml``: the defaults, and what variables set.

    Raises:
        ConfigError: It does not hold; with all problems, each with its place.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "kindling.yaml").write_text("project: shop\\nengine: pandas\\n")
        >>> load_config(folder, environ={"KINDLING_ENGINE": "spark"}).config.engine
        'spark'
    """
    loader = Layers(os.environ if environ is None else environ)
    loaded = loader.load(start, file, environment, variables or {}, env_file, sections)
    problems = [*loader.problems]
    if (configured := getattr(sections, "configured", None)) is not None:
        # Before any plugin is imported: what is disabled must not be.
        plugins = loaded.config.plugins
        loaded.ask(
            configured(disable=plugins.disable, allow=plugins.allow, strict=plugins.strict, prefer=plugins.prefer)
        )
    if use is not None and not any(not problem.is_warning for problem in problems):
        problems.extend(loaded.check(use))
    if any(not problem.is_warning for problem in problems):
        raise ConfigError(in_order(problems))
    loaded.warnings = in_order(problems)
    return loaded

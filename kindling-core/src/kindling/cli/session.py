"""What a command works with: output, configuration, plugins, framework; each opened when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kindling.cli.options import CommonOptions
from kindling.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from kindling.config.loading import LoadedConfig
    from kindling.framework import Framework
    from kindling.plugins.host import PluginHost


class Session:
    """One command's run.

    Args:
        options: What was said by the common options.
        out: Where to print. Without it, this process's streams.
    """

    def __init__(self, options: CommonOptions, out: Output | None = None) -> None:
        self.options = options
        self.out = out or Output(options.output, debug=options.debug)
        self._config: LoadedConfig | None = None
        self._host: PluginHost | None = None
        self._framework: Framework | None = None

    @property
    def host(self) -> PluginHost:
        """The project's plugin host; the process's own until the configuration is loaded."""
        from kindling.plugins.host import default_host

        return self._host or default_host()

    def config(self) -> LoadedConfig:
        """Load the project's configuration, checked against the plugins that it uses.

        Raises:
            ConfigError: It does not hold; all problems are in it.
        """
        if self._config is None:
            from kindling.framework import open_project

            self._config, self._host = open_project(
                file=self._path(self.options.config),
                environment=self.options.environment,
                variables=self.options.variables,
                env_file=self._path(self.options.env_file),
            )
        return self._config

    def framework(self, platform: str | None = None) -> Framework:
        """Open the framework as the common options say; it is closed when the command ends.

        Args:
            platform: Name of the platform, or None to find it by evidence.

        Raises:
            KindlingError: The configuration does not hold, or the platform cannot be had.
        """
        if self._framework is None:
            from kindling.framework import make_framework

            self._framework = make_framework(self.config(), self.host, platform=platform)
        return self._framework

    def close(self) -> None:
        """Close what was opened."""
        if self._framework is not None:
            self._framework.close()
            self._framework = None

    @staticmethod
    def _path(text: str | None) -> Path | None:
        from pathlib import Path

        return None if text is None else Path(text)

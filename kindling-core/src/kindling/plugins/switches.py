"""Which plugins may be used at all. Decided by name, before anything of them is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from kindling.frozen import dataclass
from kindling.plugins.metadata import normalize

DISABLE_VARIABLE = "KINDLING_DISABLE_PLUGINS"
ALLOW_VARIABLE = "KINDLING_ALLOW_PLUGINS"
STRICT_VARIABLE = "KINDLING_STRICT_PLUGINS"
NOT_ALLOWED = "it is not among the allowed plugins"


@dataclass(frozen=True)
class Switches:
    """What the user and the configuration say about plugins.

    Args:
        disable: Names of plugins or distributions; ``*`` for all.
        allow: If not None, only these.
        strict: An author's mode: the first problem of any plugin is raised.
        prefer: Who serves what where several do: ``{"scheme.s3": "emr"}``, by plugin or distribution.
    """

    disable: frozenset[str] = frozenset()
    allow: frozenset[str] | None = None
    strict: bool = False
    prefer: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def make(
        cls,
        *,
        disable: Collection[str] = (),
        allow: Collection[str] | None = None,
        strict: bool = False,
        prefer: Mapping[str, str] | None = None,
        environ: Mapping[str, str],
    ) -> Switches:
        """Join what was said in code or configuration with the environment's variables.

        What either disables is disabled; what is allowed has to be allowed by each that says something.

        Example:
            >>> sorted(Switches.make(disable=["acme"], environ={"KINDLING_DISABLE_PLUGINS": "emr, local"}).disable)
            ['acme', 'emr', 'local']
        """
        allowed = None if allow is None else _names(allow)
        if environ.get(ALLOW_VARIABLE, "").strip():
            named = _names(environ[ALLOW_VARIABLE].split(","))
            allowed = named if allowed is None else allowed & named
        return cls(
            disable=_names(disable) | _names(environ.get(DISABLE_VARIABLE, "").split(",")),
            allow=allowed,
            strict=strict or environ.get(STRICT_VARIABLE, "").strip().lower() in ("1", "true", "yes", "on"),
            prefer={key: normalize(value) for key, value in (prefer or {}).items()},
        )

    def narrowed(
        self,
        *,
        disable: Collection[str] = (),
        allow: Collection[str] | None = None,
        strict: bool = False,
        prefer: Mapping[str, str] | None = None,
    ) -> Switches:
        """Return these with what somebody else says: nothing that is forbidden already becomes allowed.

        Example:
            >>> Switches(allow=frozenset({"acme", "emr"})).narrowed(allow=["emr", "local"]).allow
            frozenset({'emr'})
        """
        allowed = self.allow if allow is None else _names(allow) if self.allow is None else self.allow & _names(allow)
        return Switches(
            disable=self.disable | _names(disable),
            allow=allowed,
            strict=self.strict or strict,
            prefer={**{key: normalize(value) for key, value in (prefer or {}).items()}, **self.prefer},
        )

    def reason_against(self, name: str, distribution: str) -> str:
        """Return why a plugin may not be used, empty where it may.

        Args:
            name: The plugin's name.
            distribution: Its distribution's.
        """
        names = {normalize(name), normalize(distribution)}
        if "*" in self.disable:
            return "all plugins are disabled"
        if names & self.disable:
            return "it is disabled"
        if self.allow is not None and not names & self.allow:
            return NOT_ALLOWED
        return ""

    def remedy(self, reason: str) -> str:
        """Return how a plugin is enabled again.

        Args:
            reason: As from :meth:`reason_against`.
        """
        if reason == NOT_ALLOWED:
            return f"add it to {ALLOW_VARIABLE}, or to plugins.allow in kindling.yaml"
        return f"take it out of {DISABLE_VARIABLE}, or out of plugins.disable in kindling.yaml"


def _names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(normalize(name.strip()) for name in names if name.strip())

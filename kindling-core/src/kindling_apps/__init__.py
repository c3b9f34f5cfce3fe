"""The modules of the apps that run in this process, as ``kindling_apps.<id>.<name>``.

Filled by Kindling; empty on disk. Another process, as ``multiprocessing`` starts it by *spawn*, has none of them.
"""

from __future__ import annotations

from typing import Any


class _NotHere:
    """Says why a module of an app is not to be had in this process."""

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> None:
        """Refuse what no running app has."""
        import sys

        if fullname.startswith(f"{__name__}.") and ".".join(fullname.split(".")[:2]) not in sys.modules:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: the modules of an app that runs in mode 'interactive' or 'module' are "
                "in its own process only. Where the app starts processes by spawn, run it in mode 'standalone' "
                "(KDL-RUN-026)",
                name=fullname,
            )


def _install() -> None:
    import sys

    sys.meta_path.append(_NotHere)


_install()

"""What an app is given: one object that reads by key and by attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kindling.apps.definition import RESERVED_NAMES
from kindling.errors import AppExecutionError

if TYPE_CHECKING:
    from kindling.apps.loader import LoadedApp


class ContextAttributeError(AppExecutionError, AttributeError, KeyError):
    """The context has nothing by that name."""

    code = "KDL-APP-022"

    __str__ = AppExecutionError.__str__  # KeyError would show the message in quotes


class AppContext(Mapping[str, Any]):
    """What an app is given.

    It holds, by key and by attribute: ``framework``, ``logger``, ``spark`` (opened on first use), ``config``,
    ``parameters`` and each parameter by its name, ``environment``, ``platform``, ``app``, ``run_id``,
    ``folder``, ``setup`` (what the app's ``setup`` returned) and, where that is a mapping, each of its keys.
    An app may add names of its own; names that are there already it may not hide.

    Args:
        app: The app.
        framework: The framework that runs it.
        logger: The run's logger.
        run_id: Id of the run.
        parameters: Values of the parameters, with their types.
        platform: Name of the platform.
        open_spark: Gives the Spark session when it is first asked for.
        config: The configuration.
        report: Takes a progress report.
        remaining: Tells the seconds that are left, or None without a limit.
        is_cancelled: Tells whether somebody asked the run to end.

    Example:
        >>> import logging
        >>> from kindling.apps.definition import AppDefinition
        >>> from kindling.apps.loader import LoadedApp
        >>> app = LoadedApp(AppDefinition("orders", entry_point="main.py"), Path("orders"), "dev")
        >>> context = AppContext(app, logger=logging.getLogger("orders"), run_id="1", parameters={"rows": 3})
        >>> context["rows"], context.rows, context.get("colour", "red")
        (3, 3, 'red')
    """

    def __init__(
        self,
        app: LoadedApp,
        *,
        framework: Any = None,
        logger: Logger,
        run_id: str,
        parameters: Mapping[str, Any] | None = None,
        platform: str = "local",
        config: Any = None,
        open_spark: Callable[[], Any] | None = None,
        report: Callable[[Mapping[str, Any]], None] | None = None,
        remaining: Callable[[], float | None] | None = None,
        is_cancelled: Callable[[], bool] | None = None,
    ) -> None:
        values: dict[str, Any] = {
            "framework": framework,
            "logger": logger,
            "config": config,
            "parameters": dict(parameters or {}),
            "environment": app.environment,
            "platform": platform,
            "app": app.name,
            "run_id": run_id,
            "folder": app.folder,
            "setup": None,
        }
        values.update(parameters or {})
        self._loaded_app = app
        self._values = values
        self._fixed = frozenset(values) | RESERVED_NAMES
        self._open_spark = open_spark
        self._report = report
        self._remaining = remaining
        self._is_cancelled = is_cancelled

    if TYPE_CHECKING:
        framework: Any
        logger: Logger
        config: Any
        parameters: dict[str, Any]
        environment: str
        platform: str
        app: str
        run_id: str
        folder: Path
        setup: Any
        spark: Any

    def _spark(self) -> Any:
        if self._open_spark is None:
            raise ContextAttributeError(
                "this context has no Spark: it was made without a framework",
                suggestions=["run the app through framework.apps.run"],
            )
        return self._open_spark()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked the run to end. A long loop may look at it and return early."""
        return self._is_cancelled is not None and self._is_cancelled()

    @property
    def remaining_seconds(self) -> float | None:
        """Seconds left until the time limit, not below 0; None without a limit."""
        return None if self._remaining is None else self._remaining()

    def report_progress(
        self,
        fraction: float | None = None,
        message: str = "",
        *,
        done: float | None = None,
        total: float | None = None,
    ) -> None:
        """Tell those who watch the run how far it is.

        Args:
            fraction: Between 0 and 1.
            message: What is being done, in a few words.
            done: Instead of ``fraction``: how many of ``total`` are done.
            total: How many there are.

        Raises:
            ValueError: numbers that make no fraction.

        Example:
            ``context.report_progress(done=3, total=12, message="reading tables")``
        """
        if done is not None and fraction is not None:
            raise ValueError("report_progress takes either a fraction, or done and total")
        if done is not None and total is not None:
            if total < 0 or done < 0:
                raise ValueError(f"done={done} and total={total} must not be negative")
            fraction = min(done / total, 1.0) if total else 1.0
        if fraction is not None and not 0 <= fraction <= 1:
            raise ValueError(f"a fraction lies between 0 and 1, not {fraction}")
        report: dict[str, Any] = {"fraction": fraction, "message": message, "done": done, "total": total}
        if self._report is not None:
            self._report({key: value for key, value in report.items() if value not in (None, "")})

    def keep_setup(self, value: Any) -> None:
        """Keep what ``setup`` returned: whole as ``context.setup``, and a mapping also by its keys.

        Args:
            value: What it returned.

        Raises:
            AppExecutionError: KDL-APP-023, a key that the context has already.
        """
        self._values["setup"] = value
        if isinstance(value, Mapping):
            for key, item in value.items():
                if isinstance(key, str):
                    self[key] = item

    def __getitem__(self, key: str) -> Any:
        if key == "spark":
            return self._spark()
        if key in ("cancelled", "remaining_seconds", "report_progress"):
            return getattr(self, key)
        try:
            return self._values[key]
        except KeyError:
            raise self._missing(key) from None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_values" not in self.__dict__:
            raise AttributeError(name)  # copy and pickle look for methods before there are values
        if name == "spark":
            # Not a property: Python would take an AttributeError from inside Spark for a missing property,
            # come here, and the real error would be lost.
            return self._spark()
        try:
            return self._values[name]
        except KeyError:
            raise self._missing(name) from None

    def __setitem__(self, key: str, value: Any) -> None:
        if key in self._fixed:
            raise AppExecutionError(
                f"{key!r} cannot be kept in the context: it has something by that name",
                code="KDL-APP-023",
                suggestions=["choose another name"],
            )
        self._values[key] = value

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self[name] = value

    def __iter__(self) -> Iterator[str]:
        yield from self._values
        if self._open_spark is not None:
            yield "spark"

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return key in self._values or (key == "spark" and self._open_spark is not None)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._values})

    def __repr__(self) -> str:
        # Values are left out: a parameter may be a secret, and Spark would be opened.
        return f"<AppContext of {self.app} ({self.run_id}): {', '.join(self)}>"

    # Identity, as of any object with a life: Mapping compares by content, which would open Spark.
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def _missing(self, name: str) -> ContextAttributeError:
        from difflib import get_close_matches

        near = get_close_matches(name, list(self), n=1, cutoff=0.6)
        hint = (
            f"did you mean {near[0]!r}?"
            if near
            else "declare it under 'parameters' in app.yaml, or return it from setup"
        )
        return ContextAttributeError(
            f"the context of app {self.app!r} has no {name!r}; it has {', '.join(self)}", suggestions=[hint]
        )

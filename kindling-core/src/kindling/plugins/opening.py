"""Opening what a descriptor names, once for each backend and its settings, and closing all of it in the end."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from typing import Any

from kindling.contracts.descriptors import (
    AuthBackend,
    Backend,
    ExecutionBackend,
    JobBackend,
    SecretBackend,
    StorageBackend,
)
from kindling.errors import KindlingError, PluginError, count
from kindling.plugins.loading import in_words, stdout_on_stderr
from kindling.plugins.records import PluginRecord


class OpenObjects:
    """The objects that are open. Thread-safe: one that takes long to open keeps nobody waiting but who wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: list[_Slot] = []
        self._opened: list[tuple[str, Any]] = []

    def get(
        self, record: PluginRecord, backend: Backend, context: Any, settings: Any, keywords: Mapping[str, Any]
    ) -> Any:
        """Return the object for a backend and its settings, opened now where it is not open yet.

        Raises:
            PluginError: KDL-PLG-011, it could not be opened; KDL-PLG-012, what was opened is not what the contract
                says. An error of Kindling's that the plugin raises passes as it is.
        """
        with self._lock:
            for slot in self._slots:
                if slot.is_for(record.name, backend, settings, keywords):
                    break
            else:
                slot = _Slot(record.name, backend, settings, keywords)
                self._slots.append(slot)
        with slot.lock:
            if not slot.is_open:
                # A failure leaves the slot closed: the next one who asks tries again.
                slot.value = _open(record, backend, context, settings, keywords)
                slot.is_open = True
                with self._lock:
                    self._opened.append((record.name, slot.value))
        return slot.value

    def close(self) -> None:
        """Close everything, what was opened last first, whatever fails on the way.

        Raises:
            PluginError: KDL-PLG-017, with all that failed.
        """
        with self._lock:
            opened, self._opened = self._opened, []
            self._slots = []
        errors: list[tuple[str, Exception]] = []
        for plugin, value in reversed(opened):
            try:
                value.close()
            except Exception as error:  # noqa: BLE001 - because the others have to be closed all the same
                errors.append((plugin, error))
        if errors:
            told = "; ".join(f"{plugin}: {in_words(error)}" for plugin, error in errors)
            raise PluginError(
                f"{count(len(errors), 'thing', 'things')} could not be closed: {told}",
                code="KDL-PLG-017",
                context={"errors": [{"plugin": plugin, "error": in_words(error)} for plugin, error in errors]},
            ) from errors[0][1]


class _Slot:
    def __init__(self, plugin: str, backend: Backend, settings: Any, keywords: Mapping[str, Any]) -> None:
        self.plugin = plugin
        self.backend = backend
        self.settings = settings
        self.keywords = dict(keywords)
        self.lock = threading.Lock()
        self.is_open = False
        self.value: Any = None

    def is_for(self, plugin: str, backend: Backend, settings: Any, keywords: Mapping[str, Any]) -> bool:
        # Compared and not hashed: settings may hold mappings, and a process opens a handful.
        return (
            self.plugin == plugin
            and self.backend == backend
            and type(self.settings) is type(settings)
            and bool(self.settings == settings)
            and self.keywords == dict(keywords)
        )


def resolve(reference: str, *, record: PluginRecord, backend: Backend, field: str) -> Any:
    """Return what a ``module:attribute`` names.

    Args:
        reference: The descriptor's string.
        record: The plugin it comes from, for the error.
        backend: The descriptor.
        field: Name of the descriptor's field.

    Raises:
        PluginError: KDL-PLG-012, there is no such module or attribute; KDL-PLG-004, importing it failed.
    """
    module_name, _, attribute = reference.partition(":")
    what = f"{type(backend).__name__}.{field} of the plugin {record.name}"
    try:
        with stdout_on_stderr():
            value: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise _dangling(what, reference, f"there is no module {error.name!r}", record) from error
        raise PluginError(
            f"the plugin {record.name} ({record.distribution} {record.version}) is there, "
            f"but importing {module_name} failed: {in_words(error)}",
            code="KDL-PLG-004",
            context={"plugin": record.name, "distribution": record.distribution, "reference": reference},
            suggestions=[_import_remedy(error, record)],
        ) from error
    for name in attribute.split("."):
        try:
            value = getattr(value, name)
        except AttributeError as error:
            raise _dangling(what, reference, f"{module_name} has no {attribute}", record) from error
    return value


def _open(record: PluginRecord, backend: Backend, context: Any, settings: Any, keywords: Mapping[str, Any]) -> Any:
    opener = resolve(backend.opens, record=record, backend=backend, field="opens")
    try:
        value = opener(context, settings, **keywords)
    except KindlingError:
        raise  # it has a code of its own, and says more than could be said here
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the plugin {record.name} could not open its {type(backend).__name__}: {in_words(error)}",
            code="KDL-PLG-011",
            context={"plugin": record.name, "distribution": record.distribution, "opens": backend.opens},
            suggestions=[
                f"check its settings; run with --debug for the traceback, and report it to the authors of "
                f"{record.distribution} where they are right"
            ],
        ) from error
    expected = _class_of(backend)
    if not isinstance(value, expected):
        raise PluginError(
            f"{backend.opens} returned {type(value).__name__}, not a {expected.__name__}",
            code="KDL-PLG-012",
            context={"plugin": record.name, "distribution": record.distribution, "opens": backend.opens},
            suggestions=[f"derive {type(value).__name__} from kindling.contracts.{expected.__name__}"],
        )
    return value


def _class_of(backend: Backend) -> type:
    from kindling import contracts

    kinds: dict[type[Backend], type] = {
        StorageBackend: contracts.Storage,
        AuthBackend: contracts.Credential,
        SecretBackend: contracts.SecretStore,
        JobBackend: contracts.JobDeployer,
        ExecutionBackend: contracts.AppRunner,
    }
    return next(kind for descriptor, kind in kinds.items() if isinstance(backend, descriptor))


def _dangling(what: str, reference: str, why: str, record: PluginRecord) -> PluginError:
    return PluginError(
        f"{what} names {reference!r}, and {why}",
        code="KDL-PLG-012",
        context={"plugin": record.name, "distribution": record.distribution, "reference": reference},
        suggestions=[f"report it to the authors of {record.distribution}"],
    )


def _import_remedy(error: BaseException, record: PluginRecord) -> str:
    from kindling.plugins.distributions import Distribution, requirements_at
    from kindling.plugins.remedies import remedy_for_import, remedy_for_other

    distribution = Distribution(
        record.distribution, record.version, record.location, requires=requirements_at(record.location)
    )
    if isinstance(error, ImportError):
        return remedy_for_import(error, distribution, record.name)
    return remedy_for_other(distribution, record.name)

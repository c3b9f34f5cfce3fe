"""The private importer: an app's own modules, under names that are the app's alone.

The modules of an app that runs in this process live in ``sys.modules`` as ``kindling_apps.<id>.<name>``. They stay
there after the run, so that lazy imports, ``typing.get_type_hints``, pickling and runs beside each other go on working.
Nothing is put on ``sys.path``: each module of an app gets a ``__builtins__`` of its own whose ``__import__`` knows the
app's files, and looks for every other name where Python looks.

An app whose files changed gets a new id, so that its next run sees the new code and what is left of the old one keeps
the old.
"""

from __future__ import annotations

import builtins
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from importlib.util import find_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final

#: The package that holds the modules of all apps.
ROOT: Final = "kindling_apps"

# What Python itself has imported before it starts a program: a file of that name in a program's folder is not seen by
# the program either.
_TAKEN: Final = frozenset(sys.builtin_module_names) | frozenset(
    ("abc", "codecs", "encodings", "genericpath", "io", "ntpath", "os", "posixpath", "site", "stat", "__main__")
)
#: A file that is younger than this, in seconds, may change again without a new time stamp.
_RACY: Final = 2.0


class AppImporter:
    """The modules of one app at one state of its files. Thread-safe, as Python's own import is.

    Args:
        name: The app's name.
        roots: Folders in which its modules are looked for, in this order.
        source_name: Gives the name under which tracebacks show a file.
        entry_point: The file that is executed; it is a module of the app even where its name could not be imported.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "prices.py").write_text("VAT = 19")
        >>> importer = AppImporter("shop", (folder,))
        >>> module = importer.module("prices")
        >>> module.VAT, module.__name__.startswith("kindling_apps.shop_")
        (19, True)
    """

    def __init__(
        self,
        name: str,
        roots: Sequence[Path],
        source_name: Callable[[Path], str] = str,
        entry_point: Path | None = None,
    ) -> None:
        self.name = name
        self.entry_point = entry_point
        self.roots = tuple(roots)
        self.source_name = source_name
        self.package = f"{ROOT}.{_unique(name)}"
        stem = "main" if entry_point is None else re.sub(r"\W", "_", entry_point.stem)
        #: Full name of the module that is executed.
        self.entry_name = f"{self.package}.{stem}"
        # Shared by all modules of the app, and kept at one: functions hold it, and it holds the app's modules.
        self.builtins: dict[str, Any] = {**vars(builtins), "__import__": self._import}
        self._stamps: dict[Path, _Stamp] = {}
        self._own: dict[str, bool] = {}
        self._modules: dict[str, ModuleType] = {}
        self._scripts = 0
        self._script: str | None = None
        package = ModuleType(self.package, f"The modules of app {name!r}.")
        package.__path__ = [str(root) for root in self.roots]
        package.__package__ = self.package
        self._modules[self.package] = package
        sys.modules[self.package] = package
        _finder.add(self)

    def module(self, name: str) -> ModuleType:
        """Import one of the app's modules.

        Args:
            name: Its name as the app's own code knows it.

        Raises:
            ImportError: there is no such module, or it cannot be imported.
        """
        return import_module(f"{self.package}.{name}")

    def has(self, name: str) -> bool:
        """Whether a name, imported by the app's own code, means a module of the app.

        Args:
            name: A name without dots.
        """
        known = self._own.get(name)
        if known is None:
            known = self._look_up(name)
            if known:
                # A file that is not there yet may be written later, by the app itself.
                self._own[name] = known
        return known

    def is_current(self) -> bool:
        """Whether none of the files that were imported has changed since."""
        return all(stamp.matches(path) for path, stamp in list(self._stamps.items()))

    def read(self, path: Path) -> bytes:
        """Return the content of one of the app's files, and remember that the app depends on it."""
        stamp, content = _Stamp.read(path)
        self._stamps[path] = stamp
        return content

    def add(self, module: ModuleType) -> None:
        """Make a module known under its name, as an import does."""
        self._modules[module.__name__] = module
        sys.modules[module.__name__] = module

    def retire(self, names: Sequence[str] | None = None) -> None:
        """Keep modules only as long as something made by them is kept: a later state of the app has taken over.

        Args:
            names: Full names; without them, all.
        """
        for name in list(self._modules) if names is None else names:
            module = self._modules.get(name)
            if module is not None and sys.modules.get(name) is module:
                sys.modules[name] = _Retired(module)
                if names is not None:
                    # The namespace is held by its functions, and they hold the module by this.
                    module.__dict__["__kindling_module__"] = module
                    del self._modules[name]

    def next_script_name(self) -> str:
        """Return the full name of the next run of the app's script: its own for each, for runs may overlap."""
        with _lock:
            self._scripts += 1
            return self.entry_name if self._scripts == 1 else f"{self.entry_name}__run{self._scripts}"

    def begin_script(self, module: ModuleType) -> None:
        """Make the module of a script's run known, and the one before only as long as it is needed."""
        with _lock:
            before, self._script = self._script, module.__name__
        self.add(module)
        if before is not None:
            self.retire([before])

    def find_spec(self, fullname: str, path: Sequence[str] | None) -> ModuleSpec | None:
        """Find a module of the app on disk. Called by Python's import."""
        if fullname == self.entry_name and self.entry_point is not None:
            loader = AppSourceLoader(fullname, str(self.entry_point), self)
            return spec_from_file_location(fullname, self.entry_point, loader=loader)
        namespace: list[str] = []
        for folder in path or ():
            spec = self._files(folder).find_spec(fullname)
            if spec is None:
                continue
            if spec.loader is not None:
                return spec
            namespace.extend(spec.submodule_search_locations or ())
        if not namespace:
            return None
        spec = ModuleSpec(fullname, None, is_package=True)
        spec.submodule_search_locations = namespace
        return spec

    def _files(self, folder: str) -> FileFinder:
        # The finder calls what makes a loader with name and path: a method does as well as a class.
        make: Any = self._loader
        return FileFinder(folder, (ExtensionFileLoader, EXTENSION_SUFFIXES), (make, SOURCE_SUFFIXES))

    def _loader(self, fullname: str, path: str) -> AppSourceLoader:
        return AppSourceLoader(fullname, path, self)

    def _look_up(self, name: str) -> bool:
        if name in _TAKEN:
            return False
        spec = self.find_spec(f"{self.package}.{name}", [str(root) for root in self.roots])
        if spec is None:
            return False
        if spec.loader is not None:
            return True
        # A folder without __init__.py gives way to a real module anywhere else, in Python too: an app may keep
        # data in a folder called like a library.
        try:
            elsewhere = find_spec(name)
        except ImportError:
            return True
        except ValueError:  # it is imported, and was not found by a finder
            return False
        return elsewhere is None or elsewhere.loader is None or elsewhere.origin is None

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import as Python does, the app's own modules first. This is ``__import__`` in the app's modules."""
        if level:
            self._check_relative(globals, level)
            return _real_import(name, globals, locals, fromlist, level)
        top = name.partition(".")[0]
        if not self.has(top):
            module = _real_import(name, globals, locals, fromlist, 0)
            if top in ("pyspark", "cloudpickle"):
                register_for_pickling()
            return module
        try:
            module = _real_import(f"{self.package}.{name}", globals, locals, fromlist or (), 0)
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.startswith(f"{self.package}."):
                raise
            own = error.name[len(self.package) + 1 :]
            error.name = own
            error.msg = f"No module named {own!r}"
            error.args = (error.msg,)
            raise
        if fromlist:
            return module
        return sys.modules[f"{self.package}.{top}"]

    def _check_relative(self, globals: Mapping[str, Any] | None, level: int) -> None:
        package = str((globals or {}).get("__package__") or "")
        inside = package[len(self.package) + 1 :]
        if package == self.package:
            # What Python says in a script; without this it would work here and fail in a process of its own.
            raise ImportError("attempted relative import with no known parent package")
        if package.startswith(f"{self.package}.") and level > inside.count(".") + 1:
            raise ImportError("attempted relative import beyond top-level package")


class AppSourceLoader(SourceFileLoader):
    """Loads a module of an app: always from its source, under the name that tracebacks shall show."""

    def __init__(self, fullname: str, path: str, importer: AppImporter) -> None:
        super().__init__(fullname, path)
        self.importer = importer

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source. No ``.pyc``: it is told to be stale by whole seconds and the size only."""
        path = Path(self.path)
        return compile_source(self.importer.read(path), self.importer.source_name(path))

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module with the app's own ``__import__``."""
        module.__dict__["__builtins__"] = self.importer.builtins
        code = self.get_code(module.__name__)
        self.importer.add(module)
        show_source(code.co_filename, Path(self.path))
        exec(code, module.__dict__)


class _Finder:
    """Finds the modules of all apps. The one thing that is added to ``sys.meta_path``."""

    def __init__(self) -> None:
        self._importers: weakref.WeakValueDictionary[str, AppImporter] = weakref.WeakValueDictionary()

    def add(self, importer: AppImporter) -> None:
        self._importers[importer.package] = importer
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)
            import_module(ROOT)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{ROOT}."):
            return None
        package = ".".join(fullname.split(".")[:2])
        importer = self._importers.get(package)
        return None if importer is None or fullname == package else importer.find_spec(fullname, path)


_finder = _Finder()


class _Retired(ModuleType):
    """Stands in ``sys.modules`` for a module that lives only as long as what was made by it."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__(module.__name__, module.__doc__)
        name = module.__name__

        def forget(_: object) -> None:
            if sys.modules is not None and sys.modules.get(name) is self:
                del sys.modules[name]

        object.__setattr__(self, "_module", weakref.ref(module, forget))

    def __getattribute__(self, name: str) -> Any:
        module = object.__getattribute__(self, "_module")()
        if module is None:
            raise AttributeError(name)
        return getattr(module, name)

    def __setattr__(self, name: str, value: Any) -> None:
        module = object.__getattribute__(self, "_module")()
        if module is not None:
            setattr(module, name, value)


class _Stamp:
    """What tells whether a file has changed."""

    __slots__ = ("_content", "_key", "_seen")

    def __init__(self, key: tuple[int, int, int], seen: float, content: bytes) -> None:
        self._key = key
        self._seen = seen
        self._content = content

    @classmethod
    def read(cls, path: Path) -> tuple[_Stamp, bytes]:
        status = path.stat()
        content = path.read_bytes()
        return cls((status.st_mtime_ns, status.st_size, status.st_ino), time.time(), content), content

    def matches(self, path: Path) -> bool:
        try:
            status = path.stat()
            if (status.st_mtime_ns, status.st_size, status.st_ino) != self._key:
                return path.read_bytes() == self._content
            # Two writes within one tick of the clock have the same stamp, as in every tool that trusts time stamps.
            return self._seen - status.st_mtime > _RACY or path.read_bytes() == self._content
        except OSError:
            return False


def compile_source(source: bytes, shown: str) -> CodeType:
    """Compile a file's source, whatever encoding it declares.

    Args:
        source: The file's content.
        shown: The name that tracebacks show.

    Raises:
        SyntaxError: it is not Python.
    """
    return compile(source, shown, "exec", dont_inherit=True)


def show_source(shown: str, path: Path) -> None:
    """Let tracebacks and debuggers find the source of a file that is shown under another name than its path."""
    if shown == str(path):
        return
    import linecache
    from importlib.util import decode_source

    text = decode_source(path.read_bytes())
    # Without a time stamp: linecache.checkcache() leaves such entries alone.
    linecache.cache[shown] = (len(text), None, text.splitlines(keepends=True), shown)


_importers: dict[tuple[object, ...], AppImporter] = {}
_lock = threading.Lock()


def importer_for(
    name: str, roots: Sequence[Path], source_name: Callable[[Path], str] = str, entry_point: Path | None = None
) -> AppImporter:
    """Return the importer of an app in the present state of its files: the one there is, or a new one.

    Arguments are as for :class:`AppImporter`.
    """
    key = (name, entry_point, *roots)
    with _lock:
        known = _importers.get(key)
        if known is not None and known.is_current():
            known.builtins.update({**vars(builtins), "__import__": known._import})
            return known
        importer = _importers[key] = AppImporter(name, roots, source_name, entry_point)
    if known is not None:
        known.retire()
    return importer


def register_for_pickling() -> None:
    """Have functions and classes of apps pickled by value, where a cluster's Python gets them: it has no such modules.

    Does nothing until pyspark's or one's own cloudpickle is imported.
    """
    package = sys.modules.get(ROOT)
    for name in ("pyspark.cloudpickle.cloudpickle", "pyspark.cloudpickle", "cloudpickle.cloudpickle", "cloudpickle"):
        library = sys.modules.get(name)
        register = getattr(library, "register_pickle_by_value", None)
        if register is not None and package is not None:
            register(package)


_numbers: dict[str, int] = {}


def _unique(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    _numbers[plain] = _numbers.get(plain, 0) + 1
    return f"{plain}_{_numbers[plain]}"


def _real_import(
    name: str,
    globals: Mapping[str, Any] | None,
    locals: Mapping[str, Any] | None,
    fromlist: Sequence[str] | None,
    level: int,
) -> ModuleType:
    # Looked up at each call: debuggers and profilers replace it.
    return builtins.__import__(name, globals, locals, fromlist or (), level)

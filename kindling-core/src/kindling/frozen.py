"""Frozen dataclasses that cost next to nothing to define.

``dataclasses.dataclass`` writes and compiles up to seven functions for each class: half a millisecond a class, which
was a third of the time of ``kindling run`` (40 classes, 20 of 59 ms beyond the libraries). This decorator sets the
same methods from functions that are compiled once. It is for modules on the way of every command; all others, and
everything that a plugin's author reads, take the standard library's.

The classes are dataclasses for whoever looks: ``dataclasses.fields``, ``replace``, ``asdict``, ``is_dataclass``,
``copy.replace``, pickling, ``match`` and ``inspect.signature`` work, and type checkers see ``dataclasses.dataclass``.

Example:
    >>> from kindling.frozen import dataclass
    >>> @dataclass(frozen=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1) == Point(1, 0), hash(Point(1)) == hash(Point(1))
    (Point(x=1, y=0), True, True)
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for true; see kindling/__init__.py

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from typing import Any
else:

    def dataclass(*, frozen, kw_only=False):
        """Make a class a frozen dataclass.

        Args:
            frozen: Has to be True.
            kw_only: Whether all fields are given by name only.
        """
        if frozen is not True:
            raise TypeError("kindling.frozen makes frozen dataclasses only")
        return lambda cls: _make(cls, kw_only)

    def field(*, default_factory):
        """Return a field whose default is made anew for each object.

        Args:
            default_factory: Makes it.
        """
        return _Factory(default_factory)

    def replace(value, /, **changes):
        """Return a copy of a value of such a class with other values in the fields named.

        Args:
            value: The value.
            changes: The fields.
        """
        return type(value)(**{**{name: getattr(value, name) for name in getattr(value, _SPEC).names}, **changes})


def field_names(cls: type) -> tuple[str, ...]:
    """Return the names of the fields of such a class, in order.

    Args:
        cls: Made by :func:`dataclass`.
    """
    return tuple(getattr(cls, _SPEC).names)


class _Factory:
    """What :func:`field` leaves in a class's body."""

    def __init__(self, make: Callable[[], object]) -> None:
        self.make = make


_NOTHING = object()
_SPEC = "__kindling_frozen__"


class _Spec:
    """The fields of a class, in order, with those of its bases before its own."""

    __slots__ = ("defaults", "factories", "kw_only", "names", "positional", "twin", "types")

    def __init__(self, kw_only: bool) -> None:
        self.names: dict[str, bool] = {}
        self.types: dict[str, object] = {}
        self.positional: tuple[str, ...] = ()
        self.defaults: dict[str, object] = {}
        self.factories: dict[str, Callable[[], object]] = {}
        self.kw_only = kw_only
        self.twin: type | None = None


def _make(cls: type, kw_only: bool) -> type:
    spec = _Spec(kw_only)
    for base in reversed(cls.__mro__[1:]):
        inherited = base.__dict__.get(_SPEC)
        if inherited is not None:
            spec.names.update(inherited.names)
            spec.types.update(inherited.types)
            spec.defaults.update(inherited.defaults)
            spec.factories.update(inherited.factories)
        elif "__dataclass_fields__" in base.__dict__:
            raise TypeError(f"{cls.__qualname__}: {base.__qualname__} is the standard library's; use that here too")
    for name, kind in cls.__annotations__.items():
        if str(kind).startswith(("ClassVar", "typing.ClassVar")):
            continue
        spec.names[name] = kw_only
        spec.types[name] = kind
        default = cls.__dict__.get(name, _NOTHING)
        spec.defaults.pop(name, None)
        spec.factories.pop(name, None)
        if isinstance(default, _Factory):
            spec.factories[name] = default.make
            delattr(cls, name)
        elif default is not _NOTHING:
            spec.defaults[name] = default
    spec.positional = tuple(name for name, by_name_only in spec.names.items() if not by_name_only)
    names = tuple(spec.names)

    def __init__(self: Any, *values: object, **named: object) -> None:
        _fill(self, spec, values, named)

    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def __hash__(self: Any) -> int:
        return hash(tuple(getattr(self, name) for name in names))

    def __setattr__(self: Any, name: str, value: object) -> None:
        if type(self) is cls or name in spec.names:
            raise _frozen("assign to", name)
        object.__setattr__(self, name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in spec.names:
            raise _frozen("delete", name)
        object.__delattr__(self, name)

    own = cls.__dict__
    for method in (__init__, __repr__, __eq__, __setattr__, __delattr__):
        if method.__name__ not in own:
            setattr(cls, method.__name__, method)
    if own.get("__hash__") is None:  # a class that defines __eq__ alone has None there
        cls.__hash__ = __hash__  # type: ignore[method-assign, assignment]
    for name, value in (
        (_SPEC, spec),
        ("__match_args__", spec.positional),
        ("__replace__", replace),
        ("__dataclass_fields__", _OfTwin(spec, "__dataclass_fields__")),
        ("__dataclass_params__", _OfTwin(spec, "__dataclass_params__")),
        ("__signature__", _OfTwin(spec, "__signature__")),
    ):
        setattr(cls, name, value)
    return cls


def _fill(self: Any, spec: _Spec, values: tuple[object, ...], named: dict[str, object]) -> None:
    title = type(self).__qualname__
    if len(values) > len(spec.positional):
        raise TypeError(f"{title}() takes {len(spec.positional)} positional arguments but {len(values)} were given")
    given = dict(zip(spec.positional, values, strict=False))
    for name in named:
        if name in given:
            raise TypeError(f"{title}() got multiple values for argument {name!r}")
        if name not in spec.names:
            raise TypeError(f"{title}() got an unexpected keyword argument {name!r}")
    given.update(named)
    held = self.__dict__
    for name in spec.names:
        if name in given:
            held[name] = given[name]
        elif name in spec.defaults:
            held[name] = spec.defaults[name]
        elif name in spec.factories:
            held[name] = spec.factories[name]()
        else:
            missing = [each for each in spec.names if each not in {**given, **spec.defaults, **spec.factories}]
            raise TypeError(f"{title}() missing required arguments: {', '.join(map(repr, missing))}")
    after = getattr(self, "__post_init__", None)
    if after is not None:
        after()


def _frozen(what: str, name: str) -> AttributeError:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(f"cannot {what} field {name!r}")


class _OfTwin:
    """What the standard library would have made; made when somebody asks for it."""

    def __init__(self, spec: _Spec, name: str) -> None:
        self.spec = spec
        self.name = name

    def __get__(self, instance: object, owner: type) -> object:
        spec = self.spec
        if spec.twin is None:
            import dataclasses
            import inspect

            # Sorted as the standard library wants it; its own __init__ is never called.
            members: dict[str, Any] = {}
            for name, by_name_only in spec.names.items():
                if name in spec.factories:
                    members[name] = dataclasses.field(default_factory=spec.factories[name], kw_only=by_name_only)
                elif name in spec.defaults:
                    members[name] = dataclasses.field(default=spec.defaults[name], kw_only=by_name_only)
                else:
                    members[name] = dataclasses.field(kw_only=by_name_only)
            names: dict[str, Any] = {**members, "__annotations__": dict(spec.types), "__module__": owner.__module__}
            twin: Any = dataclasses.dataclass(frozen=True)(type(owner.__name__, (), names))
            twin.__signature__ = inspect.signature(twin)
            spec.twin = twin
        return getattr(spec.twin, self.name)

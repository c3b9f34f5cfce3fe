"""kindling.frozen makes what the standard library's frozen dataclasses are, only faster."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from kindling import frozen

T = TypeVar("T")


@frozen.dataclass(frozen=True)
class Light(Generic[T]):
    """As the module makes it."""

    kind: ClassVar[str] = "point"
    x: int
    y: int = 2
    names: list[str] = frozen.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Heavy(Generic[T]):
    """As the standard library makes it."""

    kind: ClassVar[str] = "point"
    x: int
    y: int = 2
    names: list[str] = dataclasses.field(default_factory=list)


@frozen.dataclass(frozen=True, kw_only=True)
class LightNamed:
    x: int
    y: int = 2

    def __post_init__(self) -> None:
        if self.y < 0:
            raise ValueError("below zero")


@frozen.dataclass(frozen=True)
class LightChild(Light[int]):
    z: int = 3


both = pytest.mark.parametrize("cls", [Light, Heavy])


@both
def test_values_are_given_by_place_and_by_name(cls: Any) -> None:
    value = cls(1, y=5)
    assert (value.x, value.y, value.names, value.kind) == (1, 5, [], "point")
    assert vars(value) == {"x": 1, "y": 5, "names": []}
    assert repr(value) == f"{cls.__name__}(x=1, y=5, names=[])"


@both
@pytest.mark.parametrize(("values", "named"), [((), {}), ((1, 2, [], 4), {}), ((1,), {"x": 2}), ((1,), {"q": 2})])
def test_wrong_arguments_are_type_errors(cls: Any, values: tuple[int, ...], named: dict[str, int]) -> None:
    with pytest.raises(TypeError):
        cls(*values, **named)


@both
def test_a_value_cannot_be_changed(cls: Any) -> None:
    value = cls(1)
    for name in ("x", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.x


@both
def test_values_are_equal_by_content_and_class(cls: Any) -> None:
    assert cls(1) == cls(1, 2, [])
    assert cls(1) != cls(2)
    assert cls(1) != (1, 2, [])
    assert Light(1) != Heavy(1)
    assert hash(cls(1, 2, ())) == hash(cls(1, 2, ()))
    with pytest.raises(TypeError):
        hash(cls(1))  # a list has no hash


@both
def test_each_object_has_a_default_of_its_own(cls: Any) -> None:
    cls(1).names.append("a")
    assert cls(1).names == []


@both
def test_the_tools_for_dataclasses_take_it(cls: Any) -> None:
    value = cls(1, names=["a"])
    assert dataclasses.is_dataclass(value)
    assert [field.name for field in dataclasses.fields(value)] == ["x", "y", "names"]
    assert dataclasses.asdict(value) == {"x": 1, "y": 2, "names": ["a"]}
    assert dataclasses.replace(value, y=7) == cls(1, 7, ["a"])
    assert cls.__dataclass_params__.frozen
    assert cls.__match_args__ == ("x", "y", "names")
    assert copy.copy(value) == value
    assert copy.deepcopy(value).names is not value.names
    assert pickle.loads(pickle.dumps(value)) == value
    assert str(inspect.signature(cls)) == ("(x: 'int', y: 'int' = 2, names: 'list[str]' = <factory>) -> None")


@both
def test_generic_aliases_make_it(cls: Any) -> None:
    assert cls[int](1) == cls(1)


def test_fields_by_name_only_and_what_is_done_afterwards() -> None:
    assert LightNamed(y=1, x=0) == LightNamed(x=0, y=1)
    with pytest.raises(TypeError):
        LightNamed(1)  # type: ignore[misc,call-arg]
    with pytest.raises(ValueError, match="below zero"):
        LightNamed(x=1, y=-1)
    assert [field.kw_only for field in dataclasses.fields(LightNamed)] == [True, True]


def test_a_child_has_the_fields_of_its_parent_first() -> None:
    child = LightChild(1, z=9)
    assert (child.x, child.z) == (1, 9)
    assert [field.name for field in dataclasses.fields(child)] == ["x", "y", "names", "z"]
    assert [field.name for field in dataclasses.fields(Light(1))] == ["x", "y", "names"]


def test_a_child_may_be_the_standard_librarys() -> None:
    @dataclasses.dataclass(frozen=True)
    class Child(LightNamed):
        z: int = 3

    assert Child(x=1, z=4).z == 4
    assert [field.name for field in dataclasses.fields(Child)] == ["x", "y", "z"]


def test_own_methods_are_kept() -> None:
    @frozen.dataclass(frozen=True)
    class Own:
        x: int

        def __repr__(self) -> str:
            return "own"

        def __hash__(self) -> int:
            return 7

    assert (repr(Own(1)), hash(Own(1))) == ("own", 7)


def test_what_it_does_not_do_it_refuses() -> None:
    with pytest.raises(TypeError, match="frozen dataclasses only"):
        frozen.dataclass(frozen=False)

    @dataclasses.dataclass(frozen=True)
    class Parent:
        x: int

    with pytest.raises(TypeError, match="the standard library's"):

        @frozen.dataclass(frozen=True)
        class Child(Parent):
            y: int = 1


def test_defining_a_class_imports_neither_dataclasses_nor_inspect() -> None:
    code = """
import sys
before = set(sys.modules)
from kindling.frozen import dataclass
@dataclass(frozen=True)
class Point:
    x: int
repr(Point(1)), hash(Point(1)), Point(1) == Point(2)
sys.exit(repr({"dataclasses", "inspect", "typing"} & (set(sys.modules) - before) or 0))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == "0\n"


def test_replace_and_field_names_need_no_twin() -> None:
    @frozen.dataclass(frozen=True)
    class Point:
        x: int
        y: int = 0

    assert frozen.replace(Point(1), y=3) == Point(1, 3)
    assert frozen.field_names(Point) == ("x", "y")
    with pytest.raises(TypeError):
        frozen.replace(Point(1), q=3)  # type: ignore[call-arg]
    assert vars(Point)["__kindling_frozen__"].twin is None

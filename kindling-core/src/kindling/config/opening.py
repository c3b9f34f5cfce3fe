"""Opening the secrets that settings refer to, at the moment when something is opened with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kindling.config.converting import FAILED, convert
from kindling.config.fields import Setting
from kindling.config.limits import broken_limit
from kindling.config.nodes import TEXT, Scalar, Source
from kindling.config.references import SecretReference
from kindling.config.shapes import ListShape, MapShape, ScalarShape, Shape, UnionShape, shape_of_model
from kindling.config.wording import expectation
from kindling.errors import ConfigError, Problem
from kindling.values import Secret

T = TypeVar("T")


def open_references(settings: T, get_secret: Callable[[str], Secret]) -> T:
    """Return settings with every reference to a secret replaced by what it stands for.

    A field of type ``Secret`` gets a Secret; any other gets the value in its own type, which is masked in all that
    Kindling prints, like every secret that was opened.

    Args:
        settings: An instance of a settings dataclass, or plain data.
        get_secret: Gives a secret by ``store/name`` or ``store/name@version``; what it raises is raised.

    Returns:
        The same object where it holds no reference.

    Raises:
        ConfigError: KDL-CFG-025, a secret is not what its field takes.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Login:
        ...     user: str
        ...     password: Secret
        >>> login = Login("ada", SecretReference(("", "vault/ada", "")))
        >>> open_references(login, lambda name: Secret("s3cret-" + name)).password.reveal()
        's3cret-vault/ada'
    """
    if dataclasses.is_dataclass(settings) and not isinstance(settings, type):
        opened: T = _open_model(settings, get_secret, "")
        return opened
    return _open(settings, None, None, get_secret, "")  # type: ignore[no-any-return]


def _open_model(settings: Any, get_secret: Callable[[str], Secret], path: str) -> Any:
    changed: dict[str, Any] = {}
    for key, field in shape_of_model(type(settings)).fields.items():
        value = getattr(settings, field.name)
        opened = _open(value, field.shape, field.setting, get_secret, f"{path}.{key}" if path else key)
        if opened is not value:
            changed[field.name] = opened
    return dataclasses.replace(settings, **changed) if changed else settings


def _open(
    value: Any, shape: Shape | None, limits: Setting | None, get_secret: Callable[[str], Secret], path: str
) -> Any:
    if isinstance(value, SecretReference):
        return _typed(value, value.open(get_secret), shape, limits, path)
    if isinstance(value, (str, int, float, Secret, type(None))):
        return value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _open_model(value, get_secret, path)
    if isinstance(value, Mapping) and type(value) is dict:
        inner = shape.value if isinstance(shape, MapShape) else None
        items = {key: _open(item, inner, limits, get_secret, f"{path}.{key}") for key, item in value.items()}
        return items if any(items[key] is not value[key] for key in items) else value
    if isinstance(value, (list, tuple, frozenset)):
        inner = shape.item if isinstance(shape, ListShape) else None
        opened = [_open(item, inner, limits, get_secret, f"{path}[{index}]") for index, item in enumerate(value)]
        return type(value)(opened) if any(a is not b for a, b in zip(opened, value, strict=True)) else value
    return value


def _typed(reference: SecretReference, secret: Secret, shape: Shape | None, limits: Setting | None, path: str) -> Any:
    shapes = shape.others if isinstance(shape, UnionShape) else (shape,)
    scalars = [candidate for candidate in shapes if isinstance(candidate, ScalarShape)]
    if not scalars:
        return secret  # a place that takes anything takes a Secret too, and shows it to nobody
    node = Scalar(secret.reveal(), TEXT, Source("option", "secret"), is_hidden=True)
    for scalar in scalars:
        made = convert("text", node.text, node, scalar)
        if made is not FAILED and (limits is None or broken_limit(made, limits) is None):
            return made
    expected = " or ".join(expectation(scalar) for scalar in scalars)
    raise ConfigError([Problem("KDL-CFG-025", f"the secret of {path}, {reference}, does not fit", expected=expected)])

"""What every conformance suite is: a class to inherit, whose tests cannot be dropped in silence.

A suite's tests run against what the subclass provides. A subclass declares what its backend supports, with the same
``Support`` values as its descriptor; what is not declared is unsupported, and then the suite tests that it is refused
with an error of the right type, where there is something to refuse. A test may be overridden, or dropped by setting it
to None, only with a reason in ``deviations``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from kindling.contracts.descriptors import Level, Support


class Conformance:
    """The base of the suites.

    Example:
        >>> class Suite(Conformance):
        ...     def test_opens(self): ...
        >>> class TestAcme(Suite):
        ...     test_opens = None
        Traceback (most recent call last):
        ...
        TypeError: TestAcme overrides test_opens of Suite without a reason: say why in deviations = {'test_opens': '…'}
    """

    #: The capabilities that the suite knows, with what they mean.
    known_capabilities: ClassVar[Mapping[str, str]] = {}
    #: How far the backend supports each; undeclared means unsupported.
    capabilities: ClassVar[Mapping[str, Support]] = {}
    #: Tests that are overridden or dropped, each with the reason why.
    deviations: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name, value in list(vars(cls).items()):
            if not name.startswith("test") or not hasattr(super(cls, cls), name):
                continue
            reason = cls.deviations.get(name, "")
            if not str(reason).strip():
                owner = next(base.__name__ for base in cls.__mro__[1:] if name in vars(base))
                raise TypeError(
                    f"{cls.__name__} overrides {name} of {owner} without a reason: "
                    f"say why in deviations = {{{name!r}: '…'}}"
                )
            if value is None:
                setattr(cls, name, _skipped(reason))
        for name in cls.deviations:
            if not hasattr(cls, name):
                raise TypeError(f"{cls.__name__}.deviations names {name!r}, which is no test of the suite")
        for name, support in cls.capabilities.items():
            if not isinstance(support, Support):
                raise TypeError(f"{cls.__name__}.capabilities[{name!r}] is not a Support")

    def support(self, capability: str) -> Support:
        """Return how far the backend supports a capability of the suite."""
        assert capability in self.known_capabilities, f"the suite knows no capability {capability!r}"
        return self.capabilities.get(capability) or Support(Level.UNSUPPORTED, "not declared")

    def supports(self, capability: str) -> bool:
        """Whether the backend supports a capability fully."""
        return self.support(capability).level is Level.FULL

    def require(self, capability: str) -> None:
        """Skip the test, with the reason, where a capability is not fully supported."""
        support = self.support(capability)
        if support.level is not Level.FULL:
            pytest.skip(f"{capability}: {support.level.value}: {support.reason}")


def _skipped(reason: str) -> Callable[[Any], None]:
    def deviation(self: Any) -> None:
        pytest.skip(f"left out: {reason}")

    return deviation

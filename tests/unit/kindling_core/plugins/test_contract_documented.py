"""Whoever implements a class of the contract finds at each method what goes in, what comes out, and an example."""

from __future__ import annotations

import inspect

import pytest

from kindling import contracts

CLASSES = ("AppRunner", "Context", "Credential", "HttpClient", "JobDeployer", "SecretStore", "Storage")
METHODS = [
    (name, method)
    for name in CLASSES
    for method, member in vars(getattr(contracts, name)).items()
    if not method.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
]


@pytest.mark.parametrize(("name", "method"), METHODS, ids=[f"{name}.{method}" for name, method in METHODS])
def test_it_has_a_description_and_an_example(name: str, method: str) -> None:
    member = vars(getattr(contracts, name))[method]
    text = inspect.getdoc(member) or ""
    assert text.splitlines()[0].endswith((".", "…", "``"))
    assert "Example:" in text
    if inspect.isfunction(member):
        parameters = [parameter for parameter in inspect.signature(member).parameters if parameter != "self"]
        described = "Args:" in text or "Arguments and errors as in" in text
        assert not parameters or described

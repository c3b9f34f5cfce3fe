"""Azure's storage on loopback is there for whoever asks for the fixture."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.xdist_group("azurite")
def test_azurite_answers_on_loopback(azurite: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{azurite}/devstoreaccount1/container?restype=container", timeout=30)
    assert refused.value.headers["Server"].startswith("Azurite-Blob/3.35")
    refused.value.close()

"""These tests import models, for which Django must be set up first."""

from __future__ import annotations

import os
from typing import Any

import django
import pytest

from tls_peers import Issued, issue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wattledger.web.settings")
django.setup()


@pytest.fixture(scope="session")
def authority() -> Issued:
    """Who issues the certificates of a plant."""
    return issue("plant authority", is_authority=True)


@pytest.fixture(scope="session")
def client(authority: Issued) -> Issued:
    """What a plant's authority issued to this server."""
    return issue("wattledger", by=authority, days=(-1, 300))


@pytest.fixture
def certificate(api: Any, client: Issued) -> str:
    """An uploaded client certificate."""
    return str(api.post("/certificates", upload_of(client))["id"])


def upload_of(issued: Issued, *, name: str = "Plant") -> dict[str, str]:
    return {"name": name, "certificate": issued.pem.decode(), "key": issued.key.decode()}


@pytest.fixture
def upload() -> Any:
    """Makes what is sent to upload a certificate."""
    return upload_of

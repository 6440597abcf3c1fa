"""Requests that a machine thinks up from the description of the API: none is answered with an error of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tls_peers import issue

PROBLEM = "application/problem+json"
NO_ENGINE = 503  # no engine runs here, and some operations say so
REAL_ID = {"bus_id": "b1", "certificate_id": "k1", "device_id": "d1", "token_id": "t2", "job_id": "j1"}


@pytest.fixture
def certificate(api: Any) -> None:
    """A client certificate, shown by nobody."""
    issued = issue("wattledger")
    api.post("/certificates", {"name": "Plant", "certificate": issued.pem.decode(), "key": issued.key.decode()})


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())


@schema.exclude(path="/api/v1/live/stream").parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a request that fails is told as it was; making it small takes minutes
    suppress_health_check=list(HealthCheck),
)
def test_no_request_is_answered_with_an_error_of_ours(
    case: Any, caller: Callable[..., Any], meter: dict[str, Any], certificate: None
) -> None:
    token = caller().token
    for given, real in REAL_ID.items():
        if given in case.path_parameters and len(str(case.path_parameters[given])) % 2:
            case.path_parameters[given] = real  # half of them are of things that exist

    response = case.call(headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == NO_ENGINE or response.status_code < 500, response.content
    if response.status_code >= 400 and case.path != "/api/v1/health":
        assert response.headers["content-type"] == [PROBLEM]
        assert response.json()["status"] == response.status_code
    excluded = [not_a_server_error] if response.status_code == NO_ENGINE else []
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_headers_conformance,
            response_schema_conformance,
        ],
        excluded_checks=excluded,
    )

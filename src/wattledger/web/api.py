"""The root of the API: the routers of all apps, and how their errors become problems."""

from __future__ import annotations

import logging
from importlib.metadata import version

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.db import DatabaseError, IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import AuthenticationError, HttpError, ValidationError

from wattledger.apps.accounts.api import router as account
from wattledger.apps.alarms.api import router as alarms
from wattledger.apps.building.api import router as building
from wattledger.apps.building.places_api import router as places
from wattledger.apps.devices.api import router as devices
from wattledger.apps.devices.bus_api import router as buses
from wattledger.apps.devices.certificate_api import router as certificates
from wattledger.apps.devices.io_api import router as local_io
from wattledger.apps.devices.profile_api import router as profiles
from wattledger.apps.devices.scan_api import router as scans
from wattledger.apps.measurements.api import router as measurements
from wattledger.apps.measurements.changes_api import router as changes
from wattledger.apps.measurements.history_api import router as history
from wattledger.apps.rest.problems import STATUS, ProblemError, problem_response
from wattledger.apps.rest.validation import field_error
from wattledger.apps.system.api import router as system
from wattledger.apps.system.job_api import router as jobs
from wattledger.archive import ArchiveError
from wattledger.engine.api import EngineError, EngineRefusedError
from wattledger.journal import JournalError
from wattledger.vault import VaultError
from wattledger.web.description import DescribedAPI

log = logging.getLogger(__name__)

# Errors of others and the problem that they are here; the first that fits.
CODES: dict[type[Exception], str] = {
    AuthenticationError: "not_authenticated",
    HttpError: "malformed",  # ninja's word for a body that is no JSON
    TooManyFieldsSent: "too_many_parameters",
    Http404: "not_found",
    EngineError: "engine_unreachable",
    ArchiveError: "archive_unreadable",
    JournalError: "journal_unavailable",
    VaultError: "vault_unavailable",
}

DESCRIPTION = """
Ids are opaque. Times are RFC 3339 in UTC, ranges are [start, end). Lists take `limit` and `next` and answer `items` and
`next` (null: no more). Errors are `application/problem+json` with a `code`, the `field` and a text in the language of
`Accept-Language` (fr, en, de, nl). Every POST takes an `Idempotency-Key` of up to 200 signs and is then done once,
however often it is repeated within 24 hours. A PATCH or DELETE that names the `version` it knew is refused (409) when
somebody else was faster. Unknown parameters and fields are refused. Additions may come, removals need another version.
"""

api = DescribedAPI(
    title="Wattledger",
    version=version("wattledger"),
    description=DESCRIPTION,
    docs_url=None,  # its page loads scripts from elsewhere
    openapi_url="/openapi.json",
    urls_namespace="api-1",
)
api.add_router("", account)
api.add_router("", building)
api.add_router("", places)
api.add_router("", buses)
api.add_router("", scans)
api.add_router("", certificates)
api.add_router("", profiles)
api.add_router("", devices)
api.add_router("", local_io)
api.add_router("", measurements)
api.add_router("", history)
api.add_router("", changes)
api.add_router("", alarms)
api.add_router("", system)
api.add_router("", jobs)


def _answer(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if isinstance(error, type):  # ninja's signature allows it, nobody does it
        error = error()
    problem = _problem_of(error)
    if problem.code == "internal_error":
        log.error("%s %s failed", request.method, request.path, exc_info=error)
    elif STATUS[problem.code] >= 500:
        log.warning("%s %s: %s", request.method, request.path, error)
    return problem_response(problem)


def _problem_of(error: Exception) -> ProblemError:
    match error:
        case ProblemError():
            return error
        case ValidationError():
            return field_error(error.errors)
        case EngineRefusedError():
            return ProblemError("engine_refused", reason=str(error))
        case RequestDataTooBig():
            return ProblemError("too_large", limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return ProblemError(_code_of(error))


def _code_of(error: Exception) -> str:
    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError):
        return "busy" if "locked" in str(error) else "configuration_unavailable"
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), "internal_error")


for _kind in (ProblemError, ValidationError, RequestDataTooBig, DatabaseError, *CODES, Exception):
    api.add_exception_handler(_kind, _answer)

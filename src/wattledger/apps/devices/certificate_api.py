"""The client certificates of authenticated connections, in the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from wattledger.apps.accounts.gate import requires, user_of
from wattledger.apps.accounts.idempotency import repeatable
from wattledger.apps.accounts.rights import Right
from wattledger.apps.devices import client_certificates
from wattledger.apps.devices.certificate_schemas import (
    CertificateAnswer,
    CertificateChange,
    CertificatePage,
    NewCertificate,
)
from wattledger.apps.devices.client_certificates import Upload
from wattledger.apps.devices.models import ClientCertificate
from wattledger.apps.rest.ids import Kind, number_in_path, public_id
from wattledger.apps.rest.pages import Cursor, KnownVersion, Limit, page
from wattledger.apps.rest.problems import ProblemError, bad_field
from wattledger.apps.rest.responses import no_content

router = Router(tags=["certificates"])


@router.get("/certificates", response=CertificatePage)
@requires(Right.CONFIGURE)
def list_certificates(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> CertificatePage:
    """The certificates that this server can show; their keys are never given."""
    rows, behind = page(ClientCertificate.objects.all(), limit=limit, cursor=cursor)
    return CertificatePage(items=[_answer(row) for row in rows], next=behind)


@router.post("/certificates", response={201: CertificateAnswer})
@requires(Right.ADMINISTER)
@repeatable()
def make_certificate(
    request: HttpRequest, response: HttpResponse, certificate: NewCertificate
) -> Status[CertificateAnswer]:
    """Upload a certificate and its key."""
    upload = Upload(certificate.certificate, certificate.key)
    made = _answer(client_certificates.create_certificate(certificate.name, upload, by=user_of(request)))
    response["Location"] = f"{request.path}/{made.id}"
    return Status(201, made)


@router.get("/certificates/{certificate_id}", response=CertificateAnswer)
@requires(Right.CONFIGURE)
def show_certificate(request: HttpRequest, certificate_id: str) -> CertificateAnswer:
    """One certificate."""
    found = ClientCertificate.objects.filter(pk=number_in_path(Kind.CERTIFICATE, certificate_id)).first()
    if found is None:
        raise ProblemError("not_found")
    return _answer(found)


@router.patch("/certificates/{certificate_id}", response=CertificateAnswer)
@requires(Right.ADMINISTER)
def patch_certificate(request: HttpRequest, certificate_id: str, change: CertificateChange) -> CertificateAnswer:
    """Rename a certificate, or replace it and its key; one that cannot be used is refused and the old one stays."""
    changed = client_certificates.change_certificate(
        number_in_path(Kind.CERTIFICATE, certificate_id),
        name=change.name,
        upload=_upload(change),
        version=change.version,
        by=user_of(request),
    )
    return _answer(changed)


@router.delete("/certificates/{certificate_id}", response={204: None})
@requires(Right.ADMINISTER)
def drop_certificate(request: HttpRequest, certificate_id: str, version: KnownVersion = None) -> HttpResponse:
    """Delete a certificate that no connection shows any more."""
    number = number_in_path(Kind.CERTIFICATE, certificate_id)
    client_certificates.delete_certificate(number, version=version, by=user_of(request))
    return no_content()


def _upload(change: CertificateChange) -> Upload | None:
    if change.certificate is None and change.key is None:
        return None
    if change.certificate is None:
        raise bad_field("certificate", "required")
    if change.key is None:
        raise bad_field("key", "required")
    return Upload(change.certificate, change.key)


def _answer(row: ClientCertificate) -> CertificateAnswer:
    return CertificateAnswer(
        id=public_id(Kind.CERTIFICATE, row.pk),
        name=row.name,
        subject=row.subject,
        issuer=row.issuer,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        fingerprint=row.fingerprint,
        needs_legacy=row.needs_legacy,
        added=row.added,
        version=row.version,
    )

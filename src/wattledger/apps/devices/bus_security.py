"""How a connection is secured: what may be said of it, and what follows from that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from wattledger.apps.devices.certificate_faults import naming
from wattledger.apps.devices.drafts import BusFields
from wattledger.apps.devices.models import Bus, ClientCertificate, Security
from wattledger.apps.rest.problems import FieldError, FieldProblem, bad_field
from wattledger.plant import TlsVersion

# What stands in the fields that do not apply.
_ABSENT: Mapping[str, object] = {
    "certificate_id": None,
    "tls_version": "",
    "legacy": False,
    "check_dates": True,
    "accept_self_signed": False,
    "authorities": "",
    "server_certificate": "",
}
SECURITY_FIELDS = ("security", *_ABSENT)
_NOT_APPLYING: Mapping[str, tuple[str, ...]] = {
    Security.CLEAR: tuple(_ABSENT),
    Security.ENCRYPTED: ("certificate_id",),
    Security.AUTHENTICATED: (),
}
_FIELDS = {"certificate_id": "certificate"}  # as the API calls them, where that differs


def settle_security(bus: Bus, wanted: BusFields, *, shown_before: int | None) -> None:
    """Complete and check the security of `bus`, which has the fields `wanted` already; what does not apply is dropped.

    `shown_before` is the certificate that it had: one that stays is not judged again, so that a connection whose
    certificate has expired can still be renamed. Raises FieldError.
    """
    _refuse_what_does_not_apply(bus, wanted)
    for name in _NOT_APPLYING[bus.security]:
        setattr(bus, name, _ABSENT[name])
    if bus.security == Security.CLEAR:
        return
    bus.tls_version = bus.tls_version or TlsVersion.ANY
    if bus.tls_version == TlsVersion.V1_1 and not bus.legacy:
        raise bad_field("tls_version", "legacy_only")
    if bus.security == Security.AUTHENTICATED:
        _check_certificate(bus, is_new=bus.certificate_id != shown_before)
    _settle_server(bus, wanted)


def _refuse_what_does_not_apply(bus: Bus, wanted: BusFields) -> None:
    given = [name for name, value in wanted.items() if value not in (None, "")]
    refused = [
        FieldProblem(_FIELDS.get(name, name), "not_with_security", {"security": Security(bus.security).value})
        for name in given
        if name in _NOT_APPLYING[bus.security]
    ]
    if refused:
        raise FieldError(*refused)


def _check_certificate(bus: Bus, *, is_new: bool) -> None:
    if bus.certificate_id is None:
        raise bad_field("certificate", "required")
    shown = ClientCertificate.objects.filter(pk=bus.certificate_id).first()
    if shown is None:
        raise bad_field("certificate", "unknown")
    if shown.needs_legacy and not bus.legacy:
        raise bad_field("certificate", "certificate_needs_legacy")
    now = datetime.now(UTC)
    if is_new and bus.check_dates and now > shown.valid_until:
        raise bad_field("certificate", "certificate_expired", date=f"{shown.valid_until:%Y-%m-%d}")


def _settle_server(bus: Bus, wanted: BusFields) -> None:
    """By what the server is known: its own certificate, or who may have issued it."""
    if bus.server_certificate:
        if bus.authorities:
            raise bad_field("server_certificate", "contradiction", other="authorities")
        if bus.accept_self_signed:
            raise bad_field("server_certificate", "contradiction", other="accept_self_signed")
    if wanted.get("authorities"):
        bus.authorities = _certificates("authorities", bus.authorities)
    if wanted.get("server_certificate"):
        bus.server_certificate = _own_certificate(bus.server_certificate, checks_dates=bus.check_dates)


def _certificates(field: str, text: str) -> str:
    from wattledger.certificates import pem  # noqa: PLC0415 - 15 MB, only for those who upload certificates

    with naming(field):
        return pem.text_of(pem.certificates_of(text.encode()))


def _own_certificate(text: str, *, checks_dates: bool) -> str:
    """The first of them: a server shows its own before those of its authorities."""
    from wattledger.certificates import pem  # noqa: PLC0415 - see above

    with naming("server_certificate"):
        own = pem.certificates_of(text.encode())[:1]
        if checks_dates:
            pem.check_dates(own, at=datetime.now(UTC))
        return pem.text_of(own)

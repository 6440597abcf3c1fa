"""What changes the certificates that this server shows on authenticated connections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from pydantic import Secret

from wattledger.apps.accounts.changes import CHANGED, CREATED, DELETED
from wattledger.apps.accounts.models import User
from wattledger.apps.building.revision import changing
from wattledger.apps.devices.certificate_faults import naming
from wattledger.apps.devices.expiry import end_expiry
from wattledger.apps.devices.models import Bus, ClientCertificate
from wattledger.apps.rest.problems import ProblemError, bad_field, in_use
from wattledger.apps.rest.server import SOURCE, journal, vault
from wattledger.plant import SEALED_FOR

WHAT = "certificate"


@dataclass(frozen=True, slots=True)
class Upload:
    """A certificate, followed by its intermediates, and its key, as PEM texts."""

    certificate: str
    key: Secret[str]


def create_certificate(name: str, upload: Upload, *, by: User) -> ClientCertificate:
    """Keep a certificate and, sealed, its key. Raises FieldError for files that cannot be used, VaultError."""
    judged = _judged(upload)  # takes its time, and so before the transaction
    with changing(WHAT, by=by) as change:
        judged.name = name
        _check_free(judged)
        judged.save()
        change.says(name, CREATED)
    return judged


def change_certificate(
    certificate_id: int, *, name: str | None, upload: Upload | None, version: int | None, by: User
) -> ClientCertificate:
    """Rename or replace a certificate; connections that use it are made anew with the new one.

    With `version` only when it still has that. Raises as `create_certificate`, and the old one stays in use then.
    """
    judged = None if upload is None else _judged(upload)
    with changing(WHAT, by=by) as change:
        present = _present(certificate_id, version)
        changed = set[str]()
        if name is not None and name != present.name:
            present.name = name
            _check_free(present)
            changed.add("name")
        if judged is not None:
            _check_strength(present, judged)
            for field in _UPLOADED:
                setattr(present, field, getattr(judged, field))
            changed.update(_UPLOADED)
            _forget_expiry_of(present)
        if changed:
            present.version += 1
            present.save(update_fields=[*changed, "version"])
            change.says(present.name, CHANGED)
    return present


def delete_certificate(certificate_id: int, *, version: int | None, by: User) -> None:
    """Delete a certificate that no connection shows; raises ProblemError that names those that do."""
    with changing(WHAT, by=by) as change:
        present = _present(certificate_id, version)
        users = list(Bus.objects.filter(certificate=present).order_by("name").values_list("name", flat=True))
        if users:
            raise in_use(users)
        _forget_expiry_of(present)
        present.delete()
        change.says(present.name, DELETED)


# What an upload replaces.
_UPLOADED = (
    "certificate",
    "sealed_key",
    "subject",
    "issuer",
    "valid_from",
    "valid_until",
    "fingerprint",
    "needs_legacy",
)


def _judged(upload: Upload) -> ClientCertificate:
    """The row of a certificate that can be used, its name still to come; raises FieldError, VaultError."""
    from wattledger.certificates import openssl, pem  # noqa: PLC0415 - 15 MB, only for those who upload certificates

    with naming("certificate"):
        chain = pem.certificates_of(upload.certificate.encode())
        pem.check_dates(chain, at=datetime.now(UTC))
    with naming("key"):
        identity = pem.identity_of(chain, upload.key.get_secret_value().encode())
    with naming("certificate"):
        needs_legacy = openssl.needs_legacy(identity)
    facts = pem.facts_of(chain[0])
    return ClientCertificate(
        certificate=pem.text_of(chain),
        sealed_key=vault().seal(identity.key, purpose=SEALED_FOR),
        subject=facts.subject,
        issuer=facts.issuer,
        valid_from=max(one.not_valid_before_utc for one in chain),
        valid_until=min(one.not_valid_after_utc for one in chain),
        fingerprint=facts.fingerprint,
        needs_legacy=needs_legacy,
    )


def _present(certificate_id: int, version: int | None) -> ClientCertificate:
    present = ClientCertificate.objects.filter(pk=certificate_id).first()
    if present is None:
        raise ProblemError("not_found")
    if version is not None and version != present.version:
        raise ProblemError("version_conflict")
    return present


def _check_free(certificate: ClientCertificate) -> None:
    if ClientCertificate.objects.exclude(pk=certificate.pk).filter(name=certificate.name).exists():
        raise bad_field("name", "taken", owner=certificate.name)


def _check_strength(present: ClientCertificate, judged: ClientCertificate) -> None:
    """A connection that is not legacy must not lose its certificate to a weak one."""
    if judged.needs_legacy and Bus.objects.filter(certificate=present, legacy=False).exists():
        raise bad_field("certificate", "certificate_needs_legacy")


def _forget_expiry_of(certificate: ClientCertificate) -> None:
    number = certificate.pk
    transaction.on_commit(lambda: end_expiry(journal(), number, source=SOURCE))

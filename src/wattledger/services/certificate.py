"""The certificate that the server makes for itself, until its user brings one."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wattledger.plant import DataFolder
from wattledger.services.addresses import own_addresses, own_names

log = logging.getLogger(__name__)

# Apple's systems refuse server certificates that are valid for longer, private ones included; others do not mind.
VALID_FOR = timedelta(days=825)
RENEWED_BEFORE = timedelta(days=30)
BACKDATED = timedelta(days=1)  # the clock of a browser may be behind, or in another day
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey  # one that a user brought is not thrown away
MAKER = "Wattledger, made by this server"  # by this name we know our own, and never touch one that a user brought


def ensure_certificate(folder: DataFolder, *, now: datetime | None = None) -> str | None:
    """Make a certificate where there is none, or ours is about to expire or unreadable.

    Gives the SHA-256 fingerprint of a new one, None when the present one stays; the key stays the same, so the two
    always fit. Raises OSError when they cannot be written.
    """
    now = now or datetime.now(UTC)
    present, key = _present(folder.certificate), _kept_key(folder.certificate_key)
    if present is not None and not _is_to_be_renewed(present, key, now):
        return None
    if key is None:
        key = _new_key(folder.certificate_key)
    made = _self_signed(key, now)
    _write(folder.certificate, made.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return made.fingerprint(hashes.SHA256()).hex(":").upper()


def _is_to_be_renewed(present: x509.Certificate, key: Key | None, now: datetime) -> bool:
    makers = present.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    is_ours = any(maker.value == MAKER for maker in makers)
    fits = key is not None and key.public_key() == present.public_key()
    return is_ours and (not fits or present.not_valid_after_utc - RENEWED_BEFORE <= now)


def _present(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        log.warning("%s is not a certificate; a new one is made", path)
        return None


def _kept_key(path: Path) -> Key | None:
    try:
        kept = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        log.warning("%s is not a private key without passphrase", path)
        return None
    return kept if isinstance(kept, Key) else None


def _new_key(path: Path) -> Key:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, pem, mode=0o600)
    return key


def _self_signed(key: Key, now: datetime) -> x509.Certificate:
    names = own_names()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, MAKER),
            x509.NameAttribute(NameOID.COMMON_NAME, names[-1][:64]),  # RFC 5280: at most 64 signs
        ]
    )
    alternatives = [*map(x509.DNSName, names), *map(x509.IPAddress, own_addresses())]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now - BACKDATED + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _write(path: Path, content: bytes, *, mode: int) -> None:
    """Whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


if __name__ == "__main__":
    print(ensure_certificate(DataFolder(Path(sys.argv[1]))) or "")

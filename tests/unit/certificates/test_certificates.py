"""What is wrong with a certificate or key is found before anything uses it, named by a code, and never quoted."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519

from tls_peers import Issued, issue
from wattledger.certificates import CertificateError, Fault
from wattledger.certificates.errors import TEXTS
from wattledger.certificates.openssl import needs_legacy
from wattledger.certificates.pem import certificates_of, check_dates, facts_of, identity_of, text_of

DER = b"0\x82\x01\n\x02\x82\x01\x01\x00"
CLIENT, OTHER = issue("wattledger"), issue("other")
CLEAR = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def fault_of_certificate(pem: bytes) -> Fault:
    with pytest.raises(CertificateError) as error:
        certificates_of(pem)
    return error.value.fault


def fault_of_key(key: bytes, certificate: bytes = CLIENT.pem) -> Fault:
    with pytest.raises(CertificateError) as error:
        identity_of(certificates_of(certificate), key)
    return error.value.fault


@pytest.mark.parametrize("text", [DER, b"", b"hello", "Schlüssel".encode()])
def test_what_is_no_pem_is_neither_certificate_nor_key(text: bytes) -> None:
    assert fault_of_certificate(text) is Fault.NO_PEM
    assert fault_of_key(text) is Fault.NO_PEM


def test_swapped_files_are_told_from_damaged_ones() -> None:
    assert fault_of_certificate(CLIENT.key) is Fault.NO_CERTIFICATE
    assert fault_of_key(CLIENT.pem) is Fault.NO_PRIVATE_KEY


def test_damaged_files_are_never_quoted() -> None:
    damaged_key = CLIENT.key[:60] + b"AAAA" + CLIENT.key[64:]

    with pytest.raises(CertificateError) as error:
        identity_of(certificates_of(CLIENT.pem), damaged_key)

    assert error.value.fault is Fault.PRIVATE_KEY_DAMAGED
    assert (error.value.__cause__, error.value.__suppress_context__) == (None, True)
    assert damaged_key[60:80].decode() not in str(error.value)
    assert fault_of_certificate(CLIENT.pem[:200] + b"\n-----END CERTIFICATE-----\n") is Fault.CERTIFICATE_DAMAGED


def test_any_cut_of_a_file_is_a_fault_and_never_another_error() -> None:
    for end in range(0, len(CLIENT.pem) - 1, 7):
        assert fault_of_certificate(CLIENT.pem[:end]) in (Fault.NO_PEM, Fault.NO_CERTIFICATE, Fault.CERTIFICATE_DAMAGED)
    for end in range(0, len(CLIENT.key) - 2, 7):
        assert fault_of_key(CLIENT.key[:end]) in (Fault.NO_PEM, Fault.NO_PRIVATE_KEY, Fault.PRIVATE_KEY_DAMAGED)


def test_a_locked_key_is_refused_and_nobody_is_asked_for_its_passphrase() -> None:
    locked = CLIENT.key_locked_by(serialization.BestAvailableEncryption(b"secret"))
    locked_as_openssl_once_did = CLIENT.private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.BestAvailableEncryption(b"secret"),
    )

    assert fault_of_key(locked) is Fault.PRIVATE_KEY_LOCKED
    assert fault_of_key(locked_as_openssl_once_did) is Fault.PRIVATE_KEY_LOCKED


@pytest.mark.parametrize(
    "key", [OTHER.private_key, ed25519.Ed25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()]
)
def test_a_key_of_another_certificate_is_refused(key: ec.EllipticCurvePrivateKey) -> None:
    assert fault_of_key(key.private_bytes(*CLEAR)) is Fault.PRIVATE_KEY_OF_ANOTHER


@pytest.mark.parametrize("form", ["as given", "traditional", "with parameters", "with the certificate", "CR LF"])
def test_a_key_is_taken_in_every_form_that_tools_write(form: str) -> None:
    traditional = CLIENT.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    key = {
        "as given": CLIENT.key,
        "traditional": traditional,
        "with parameters": parameters + traditional,  # openssl ecparam -genkey
        "with the certificate": CLIENT.pem + CLIENT.key,
        "CR LF": CLIENT.key.replace(b"\n", b"\r\n"),
    }[form]

    identity = identity_of(certificates_of(CLIENT.pem), key)

    assert identity.key == CLIENT.key
    assert identity.pem == CLIENT.pem + CLIENT.key
    assert "PRIVATE" not in repr(identity)


def test_only_certificates_are_kept_of_a_file_of_certificates() -> None:
    chain = certificates_of(b"Bag Attributes\n" + CLIENT.key + CLIENT.pem + OTHER.pem)

    assert text_of(chain).encode() == CLIENT.pem + OTHER.pem


def test_dates_are_judged_by_the_given_time() -> None:
    chain, now = certificates_of(CLIENT.pem), datetime.now(UTC)

    check_dates(chain, at=now)
    with pytest.raises(CertificateError, match=r"^expired on \d{4}-\d\d-\d\d$") as late:
        check_dates(chain, at=now + timedelta(days=2))
    with pytest.raises(CertificateError, match=r"^is not valid before .*by this clock$") as early:
        check_dates(chain, at=now - timedelta(days=2))

    assert (late.value.fault, early.value.fault) == (Fault.CERTIFICATE_EXPIRED, Fault.CERTIFICATE_NOT_VALID_YET)
    assert early.value.params["today"] == f"{now - timedelta(days=2):%Y-%m-%d}"


def test_an_expired_intermediate_counts() -> None:
    chain = certificates_of(CLIENT.pem + issue("authority", days=(-3, -2)).pem)

    with pytest.raises(CertificateError, match="expired"):
        check_dates(chain, at=datetime.now(UTC))


def test_people_are_shown_who_it_is() -> None:
    facts = facts_of(issue("wattledger", by=OTHER).certificate)

    assert (facts.subject, facts.issuer) == ("CN=wattledger", "CN=other")
    assert len(facts.fingerprint.split(":")) == 32
    assert facts.valid_from < datetime.now(UTC) < facts.valid_until


def self_signed(key: rsa.RSAPrivateKey | dsa.DSAPrivateKey | ec.EllipticCurvePrivateKey) -> Issued:
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    return Issued(certificate, key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (rsa.generate_private_key(65537, 1024), True),
        (rsa.generate_private_key(65537, 2048), False),
        (ec.generate_private_key(ec.SECP192R1()), True),
        (ec.generate_private_key(ec.SECP256R1()), False),
    ],
    ids=["RSA 1024", "RSA 2048", "EC 192", "EC 256"],
)
def test_a_weak_key_is_for_legacy_connections_only(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, expected: bool
) -> None:
    issued = self_signed(key)

    assert needs_legacy(identity_of(certificates_of(issued.pem), issued.key)) is expected


def test_every_fault_has_a_text() -> None:
    assert set(TEXTS) == set(Fault)


def test_the_faults_cost_no_library() -> None:
    program = "import sys, wattledger.certificates; sys.exit('cryptography' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

"""Settings that cannot work are refused with the reason before anything uses them, and keep their secrets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from wattledger.fieldbus import TlsSecurity, TlsSettings, TlsSettingsError, TlsVersion, check_tls_settings

BOTH = TlsSecurity.AUTHENTICATED
DER = b"0\x82\x01\n\x02\x82\x01\x01\x00"


def problem(settings: TlsSettings, **clock: Any) -> str:
    with pytest.raises(TlsSettingsError) as error:
        check_tls_settings(settings, **clock)
    return str(error.value)


@pytest.mark.parametrize("kind", ["bytes", "files"])
def test_right_settings_pass(issued: Any, tmp_path: Path, kind: str) -> None:
    client = (issued.client.pem, issued.client.key) if kind == "bytes" else issued.client.files(tmp_path)

    check_tls_settings(TlsSettings(BOTH, *client, authorities=(issued.authority.pem, issued.stranger.pem)))
    check_tls_settings(TlsSettings(TlsSecurity.ENCRYPTED, peer_certificate=issued.self_signed.pem))
    check_tls_settings(TlsSettings(TlsSecurity.ENCRYPTED))


def test_a_client_certificate_may_be_followed_by_its_intermediates(issued: Any) -> None:
    check_tls_settings(TlsSettings(BOTH, issued.client.pem + issued.authority.pem, issued.client.key))


def test_a_key_of_another_certificate_is_refused(issued: Any) -> None:
    assert problem(TlsSettings(BOTH, issued.client.pem, issued.server.key)) == (
        "private key: it does not match the client certificate"
    )


def test_a_locked_key_is_refused_and_nobody_is_asked_for_its_passphrase(issued: Any) -> None:
    locked = issued.client.key_locked_by(serialization.BestAvailableEncryption(b"secret"))

    assert "locked with a passphrase" in problem(TlsSettings(BOTH, issued.client.pem, locked))


@pytest.mark.parametrize("spoilt", [DER, b"", b"hello"])
def test_what_is_no_pem_is_refused_wherever_it_is_given(issued: Any, spoilt: bytes) -> None:
    client, key = issued.client.pem, issued.client.key

    assert problem(TlsSettings(BOTH, spoilt, key)).startswith("client certificate: no PEM file")
    assert problem(TlsSettings(BOTH, client, spoilt)).startswith("private key: no PEM file")
    assert problem(TlsSettings(BOTH, client, key, (issued.authority.pem, spoilt))).startswith(
        "certificate of authority 2: no PEM file"
    )
    assert problem(TlsSettings(BOTH, client, key, peer_certificate=spoilt)).startswith(
        "server's certificate: no PEM file"
    )


def test_swapped_files_are_named(issued: Any) -> None:
    client, key = issued.client.pem, issued.client.key

    assert problem(TlsSettings(BOTH, key, client)) == "client certificate: the file holds no certificate"
    assert problem(TlsSettings(BOTH, client, client)) == "private key: the file holds no private key"


def test_damaged_files_are_named_and_never_quoted(issued: Any) -> None:
    client, key = issued.client.pem, issued.client.key
    damaged_key = key[:60] + b"AAAA" + key[64:]

    text = problem(TlsSettings(BOTH, client, damaged_key))

    assert text == "private key: the file is damaged or of a kind that is not known"
    assert "damaged" in problem(TlsSettings(BOTH, client[:200] + b"\n-----END CERTIFICATE-----\n", key))


def test_a_file_that_cannot_be_read_is_named(issued: Any, tmp_path: Path) -> None:
    missing = tmp_path / "client.crt"

    assert problem(TlsSettings(BOTH, missing, issued.client.key)) == (
        f"client certificate: {missing}: No such file or directory"
    )


def test_dates_are_refused_while_they_are_checked(issued: Any) -> None:
    client, expired = issued.client, issued.client_expired
    long_ago = datetime.now(UTC) - timedelta(days=1000)

    assert "client certificate: it expired on" in problem(TlsSettings(BOTH, expired.pem, expired.key))
    assert "is not valid before" in problem(TlsSettings(BOTH, client.pem, client.key), now=lambda: long_ago)
    assert "server's certificate: it expired on" in problem(
        TlsSettings(TlsSecurity.ENCRYPTED, peer_certificate=issued.self_signed_expired.pem)
    )
    check_tls_settings(TlsSettings(BOTH, expired.pem, expired.key, checks_dates=False))


def test_an_authenticated_connection_needs_both_files(issued: Any) -> None:
    assert "needs a client certificate and its private key" in problem(TlsSettings(BOTH, issued.client.pem))
    assert "needs a client certificate and its private key" in problem(TlsSettings(BOTH, key=issued.client.key))


def test_tls_1_1_is_for_legacy_connections_only() -> None:
    assert "legacy" in problem(TlsSettings(TlsSecurity.ENCRYPTED, version=TlsVersion.V1_1))
    check_tls_settings(TlsSettings(TlsSecurity.ENCRYPTED, version=TlsVersion.V1_1, is_legacy=True))


def test_a_weak_key_is_for_legacy_connections_only() -> None:
    key = rsa.generate_private_key(65537, 1024)
    name, now = x509.Name([]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )

    assert "too weak for today; only a legacy connection takes it" in problem(TlsSettings(BOTH, pem, key_pem))
    check_tls_settings(TlsSettings(BOTH, pem, key_pem, is_legacy=True))


def test_secrets_are_not_in_what_a_log_may_hold(issued: Any) -> None:
    settings = TlsSettings(BOTH, issued.client.pem, issued.client.key, (issued.authority.pem,))

    assert "PRIVATE" not in repr(settings) + str(settings)
    assert "CERTIFICATE" not in repr(settings)

"""What is sealed comes back whole, to nobody else and for nothing else, and stands nowhere in clear."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattledger.vault import (
    DamagedSecretError,
    ForeignSecretError,
    KeyFileError,
    Vault,
    VaultError,
    ensure_vault_key,
)

PURPOSE = "tests"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    return new_vault(tmp_path_factory.mktemp("vault"))


def new_vault(folder: Path) -> Vault:
    ensure_vault_key(folder / "vault.key")
    return Vault(folder / "vault.key")


@given(secret=st.binary(max_size=5000))
def test_what_is_sealed_comes_back_and_is_not_to_be_seen(vault: Vault, secret: bytes) -> None:
    sealed = vault.seal(secret, purpose=PURPOSE)

    assert vault.unseal(sealed, purpose=PURPOSE) == secret
    assert len(secret) < 4 or secret not in sealed.encode()
    assert sealed.isascii()
    assert sealed.isprintable()


def test_the_same_secret_is_never_sealed_alike(vault: Vault) -> None:
    assert len({vault.seal(b"secret", purpose=PURPOSE) for _ in range(100)}) == 100


@given(place=st.integers(0, 200), sign=st.sampled_from("AQgw01-_.=v \n"))
def test_a_sealed_text_that_was_altered_does_not_open(vault: Vault, place: int, sign: str) -> None:
    sealed = vault.seal(b"the key of a certificate, or a password", purpose=PURPOSE)
    place %= len(sealed)
    altered = sealed[:place] + sign + sealed[place + 1 :]

    if altered != sealed:
        with pytest.raises((DamagedSecretError, ForeignSecretError)):
            vault.unseal(altered, purpose=PURPOSE)


@given(text=st.text(max_size=100))
def test_what_was_never_sealed_does_not_open(vault: Vault, text: str) -> None:
    with pytest.raises(VaultError):
        vault.unseal(text, purpose=PURPOSE)


def test_a_cut_text_does_not_open(vault: Vault) -> None:
    sealed = vault.seal(b"secret", purpose=PURPOSE)

    for end in range(len(sealed)):
        with pytest.raises((DamagedSecretError, ForeignSecretError)):
            vault.unseal(sealed[:end], purpose=PURPOSE)


def test_a_secret_does_not_open_for_another_purpose(vault: Vault) -> None:
    sealed = vault.seal(b"secret", purpose="key of a certificate")

    with pytest.raises(DamagedSecretError):
        vault.unseal(sealed, purpose="password of a mail server")


def test_another_servers_secret_is_told_from_a_damaged_one(vault: Vault, tmp_path: Path) -> None:
    sealed = new_vault(tmp_path).seal(b"secret", purpose=PURPOSE)

    with pytest.raises(ForeignSecretError, match=r"another key.*enter it again"):
        vault.unseal(sealed, purpose=PURPOSE)


@pytest.mark.parametrize("content", [None, b"", b"\0" * 64, b"ab" * 31, b"secret"])
def test_without_a_key_nothing_is_sealed_and_the_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    key_file = tmp_path / "vault.key"
    if content is not None:
        key_file.write_bytes(content)
    vault = Vault(key_file)

    with pytest.raises(KeyFileError, match=r"vault\.key"):
        vault.seal(b"secret", purpose=PURPOSE)
    with pytest.raises(KeyFileError, match=r"vault\.key"):
        vault.unseal("v1.0.0", purpose=PURPOSE)


def test_a_key_that_is_put_back_opens_at_once(tmp_path: Path) -> None:
    vault, away = new_vault(tmp_path), tmp_path / "away"
    sealed = vault.seal(b"secret", purpose=PURPOSE)
    (tmp_path / "vault.key").rename(away)
    with pytest.raises(KeyFileError):
        vault.unseal(sealed, purpose=PURPOSE)

    away.rename(tmp_path / "vault.key")

    assert vault.unseal(sealed, purpose=PURPOSE) == b"secret"


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "vault.key"

    ensure_vault_key(path)
    first = path.read_text()
    ensure_vault_key(path)

    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["vault.key"]


def test_a_key_that_is_there_costs_a_full_card_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_vault_key(tmp_path / "vault.key")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)

    ensure_vault_key(tmp_path / "vault.key")


@pytest.mark.parametrize("content", [b"", b"ab" * 20, b"\0" * 64, b"x" * 64])
def test_a_damaged_key_is_set_aside_and_said(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "vault.key"
    path.write_bytes(content)

    ensure_vault_key(path)

    assert Vault(path).unseal(Vault(path).seal(b"secret", purpose=PURPOSE), purpose=PURPOSE) == b"secret"
    assert (tmp_path / "vault.key.damaged").read_bytes() == content
    [record] = caplog.records
    assert "must be entered again" in record.getMessage()


def test_only_those_who_seal_load_the_library() -> None:
    program = "import sys, wattledger.vault; sys.exit('cryptography' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

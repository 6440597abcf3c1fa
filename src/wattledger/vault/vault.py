"""Sealing and unsealing: AES-256 in Galois/Counter Mode (NIST SP 800-38D), so that what was altered does not open.

A sealed text is `v1.<mark of the key>.<nonce and ciphertext>`, the last part in URL-safe Base64. The mark tells a
secret that another key sealed from one that is damaged, and tells nothing about the key.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from pathlib import Path

from wattledger.vault.errors import DamagedSecretError, ForeignSecretError, KeyFileError
from wattledger.vault.key_file import ensure_key_file

KEY_BYTES = 32  # AES-256
USABLE_KEY = re.compile(rb"[0-9a-f]{64}\s*")
NONCE_BYTES = 12  # random; SP 800-38D, 8.3 allows 2**32 secrets under one key
TAG_BYTES = 16
FORMAT = "v1"


def ensure_vault_key(path: Path) -> None:
    """Make the key of this server's vault unless there is one; raises OSError."""
    loss = "the secrets that the old one sealed must be entered again"
    ensure_key_file(path, new=secrets.token_hex(KEY_BYTES), usable=USABLE_KEY, loss=loss)


class Vault:
    """Seals and unseals with the key in `key_file`, which is read anew each time, so that one put back works at once.

    The library for it costs 15 MB and is loaded by whoever seals or unseals first.
    """

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    def seal(self, secret: bytes, *, purpose: str) -> str:
        """The secret as a text that only `unseal` with the same purpose opens. Raises KeyFileError.

        The purpose keeps a sealed secret from being used as another, as where somebody who can write the configuration
        sends the key of a certificate to a mail server as its password.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - see above

        key, nonce = self._key(), secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, secret, purpose.encode())
        return f"{FORMAT}.{_mark(key)}.{base64.urlsafe_b64encode(sealed).decode()}"

    def unseal(self, sealed: str, *, purpose: str) -> bytes:
        """The secret that was sealed for this purpose. Raises VaultError."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        key = self._key()
        mark, content = _parts(sealed)
        if mark != _mark(key):
            raise ForeignSecretError(
                "it was sealed with another key, on another server or before the key was lost; enter it again"
            )
        try:
            return AESGCM(key).decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], purpose.encode())
        except InvalidTag:
            raise _damaged() from None

    def _key(self) -> bytes:
        try:
            written = self._key_file.read_bytes()
        except OSError as error:
            raise KeyFileError(f"{self._key_file}: {error.strerror}; a start of the server makes one") from error
        if not USABLE_KEY.fullmatch(written):
            raise KeyFileError(f"{self._key_file}: it holds no key; a start of the server sets it aside")
        return bytes.fromhex(written.decode())


def _parts(sealed: str) -> tuple[str, bytes]:
    form, _, rest = sealed.partition(".")
    mark, _, content = rest.partition(".")
    try:
        opened = base64.b64decode(content, altchars=b"-_", validate=True)
    except ValueError:
        raise _damaged() from None
    # The last sign has bits that mean nothing: one sealed secret shall have one spelling.
    is_as_sealed = base64.urlsafe_b64encode(opened).decode() == content
    if form != FORMAT or not is_as_sealed or len(opened) < NONCE_BYTES + TAG_BYTES:
        raise _damaged()
    return mark, opened


def _mark(key: bytes) -> str:
    return hashlib.sha256(b"wattledger vault " + key).hexdigest()[:16]


def _damaged() -> DamagedSecretError:
    return DamagedSecretError("the sealed text is damaged; enter the secret again")

"""Errors of this package; their texts hold nothing of a secret.

VaultError
├── KeyFileError         the key file is missing, cannot be read or holds no key
├── ForeignSecretError   the secret was sealed with another key
└── DamagedSecretError   the sealed text is not what was once sealed for this purpose
"""

from __future__ import annotations


class VaultError(Exception):
    """A secret cannot be sealed or unsealed; the text says why and what to do."""


class KeyFileError(VaultError):
    """The key file is missing, cannot be read or holds no key."""


class ForeignSecretError(VaultError):
    """The secret was sealed with another key: on another server, or before the key file was lost."""


class DamagedSecretError(VaultError):
    """The sealed text is not what was once sealed for this purpose."""

"""The vault: secrets at rest, such as the private keys of certificates, sealed with a key that lies in a file apart.

Promises that what is sealed stands nowhere in clear: not in the configuration, its snapshots or the kept plant. It
protects a backup that was lost, as long as the key file was not in it; it does not protect a stolen card, on which both
lie side by side.
"""

from wattledger.vault.errors import DamagedSecretError, ForeignSecretError, KeyFileError, VaultError
from wattledger.vault.key_file import ensure_key_file
from wattledger.vault.vault import Vault, ensure_vault_key

__all__ = [
    "DamagedSecretError",
    "ForeignSecretError",
    "KeyFileError",
    "Vault",
    "VaultError",
    "ensure_key_file",
    "ensure_vault_key",
]

"""Who vouches for a package: Ed25519 signatures (RFC 8032) of its manifest, which names the check sum of every file.

A signature says that whoever holds the key made this package, not who that is: compare the fingerprint with what the
maker publishes. Cryptography takes 15 MB in a process, so it is imported by the first call that needs it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wattledger.catalog.package import Package
from wattledger.catalog.package_errors import PackageError, PackageFault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

UNSIGNED = ""  # the fingerprint of nobody


def signer_of(package: Package) -> str:
    """The fingerprint of the key that signed the package; UNSIGNED: nobody did.

    Raises PackageError for a signature that is not right: then the package is not what its signer made.
    """
    if package.signature is None:
        return UNSIGNED
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    key = bytes.fromhex(package.signature.key)
    try:
        public = Ed25519PublicKey.from_public_bytes(key)
        public.verify(bytes.fromhex(package.signature.signature), package.manifest_bytes)
    except (InvalidSignature, ValueError) as error:
        raise PackageError(PackageFault.BAD_SIGNATURE) from error
    return fingerprint(key)


def fingerprint(key: bytes) -> str:
    """What people compare: the first 16 bytes of the SHA-256 of the public key (its 32 bytes), as AB12:CD34:…"""
    digest = hashlib.sha256(key).hexdigest()[:32].upper()
    return ":".join(digest[place : place + 4] for place in range(0, len(digest), 4))


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs packages."""

    _private: Ed25519PrivateKey

    @classmethod
    def of_pem(cls, text: bytes) -> Signer:
        """The key in a PEM file (`openssl genpkey -algorithm ed25519`); raises ValueError that says what it is not."""
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - see above
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

        try:
            private = load_pem_private_key(text, password=None)
        except TypeError as error:
            raise ValueError("it is locked with a passphrase; give it without one") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ValueError("it holds no private key (openssl genpkey -algorithm ed25519 makes one)") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise ValueError("it is of another kind than Ed25519")  # noqa: TRY004 - the file is wrong, not the call
        return cls(private)

    @property
    def key(self) -> str:
        """The public key, in hex."""
        return self._private.public_key().public_bytes_raw().hex()

    def sign(self, data: bytes) -> str:
        """The signature of `data`, in hex."""
        return self._private.sign(data).hex()

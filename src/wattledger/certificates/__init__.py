"""Certificates and their keys as people upload them and connections use them: read, judged and told what is wrong.

Promises that what passed is usable, that a refusal says why by a code, and that no text quotes a key. Who reads them
imports `pem` or `openssl`: they bring 15 MB of libraries that most processes never need, so this package itself brings
only the faults.
"""

from wattledger.certificates.errors import CertificateError, Fault

__all__ = ["CertificateError", "Fault"]

"""The key that signs what the web hands out; one per installation, made at the first start."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from wattledger.vault import ensure_key_file

KEY_BYTES = 48  # well above the 256 bits that HMAC-SHA256 uses
USABLE_KEY = re.compile(rb"[!-~]{50,}\s*")  # Django's own least length (security.W009)


def ensure_secret_key(path: Path) -> None:
    """Make the key file unless there is one already; raises OSError."""
    loss = "what the old one signed is no longer valid"
    ensure_key_file(path, new=secrets.token_urlsafe(KEY_BYTES), usable=USABLE_KEY, loss=loss)

"""The key that signs what the web hands out; one per installation, made at the first start."""

from __future__ import annotations

import logging
import os
import re
import secrets
from pathlib import Path

log = logging.getLogger(__name__)

KEY_BYTES = 48  # well above the 256 bits that HMAC-SHA256 uses
# Django's own least length (security.W009). A power cut leaves files empty, cut short or full of zeros.
USABLE_KEY = re.compile(rb"[!-~]{50,}\s*")


def ensure_secret_key(path: Path) -> None:
    """Make the key file, readable by its owner alone, unless there is one already; safe against a second process.

    What cannot be a key is set aside as `….damaged` and told in the log. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _set_aside_if_unusable(path)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _set_aside_if_unusable(path: Path) -> None:
    try:
        if USABLE_KEY.fullmatch(path.read_bytes()):
            return
    except FileNotFoundError:
        return
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    log.error(
        "%s is empty, too short or no text; it was set aside as %s and a new key is made, so what the old one signed"
        " is no longer valid",
        path,
        aside.name,
    )

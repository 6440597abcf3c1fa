"""The key that signs what the web hands out; one per installation, made at the first start."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

KEY_BYTES = 48  # well above the 256 bits that HMAC-SHA256 uses


def ensure_secret_key(path: Path) -> None:
    """Make the key file, readable by its owner alone, unless there is one already; safe against a second process."""
    path.parent.mkdir(parents=True, exist_ok=True)
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

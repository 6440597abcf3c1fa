"""Files that hold a key of this server: made once, whole or not at all, and readable by the server alone."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

log = logging.getLogger(__name__)


def ensure_key_file(path: Path, *, new: str, usable: re.Pattern[bytes], loss: str) -> None:
    """Make the file with the key `new` unless there is a usable one already; safe against a second process.

    What cannot be a key (a power cut leaves files empty, cut short or full of zeros) is set aside as `….damaged` and
    told in the log with its `loss`. Raises OSError.
    """
    if _is_there(path, usable, loss):  # and so a full card does not keep the server from starting
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(new)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # whole or not at all, and never over another's
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _is_there(path: Path, usable: re.Pattern[bytes], loss: str) -> bool:
    """Whether a usable key is there; one that is not usable is set aside."""
    try:
        if usable.fullmatch(path.read_bytes()):
            return True
    except FileNotFoundError:
        return False
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    log.error("%s holds no key; it was set aside as %s and a new key is made, so %s", path, aside.name, loss)
    return False

"""Numbers in the kernel's files: one attribute a file, as text.

IIO channels follow the kernel's Documentation/ABI/testing/sysfs-bus-iio: (raw + offset) * scale is millivolts of a
voltage, milliamperes of a current, ohms of a resistance; scale and offset may be shared by all channels of a type.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

MOST_BYTES = 64
_NUMBER = re.compile(r"[0-9]+$")


def read_number(path: Path) -> float:
    """The number in a file; raises OSError, and ValueError that names the file where it holds none."""
    text = path.read_text(encoding="ascii", errors="replace")[:MOST_BYTES].strip()
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{path}: {text!r} is no number") from None


def write_text(path: Path, text: str) -> None:
    """Write an attribute, which must be there already; raises OSError."""
    file = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
    try:
        os.write(file, text.encode("ascii"))  # in one piece, as the kernel wants it
    finally:
        os.close(file)


def read_channel(channel: Path) -> float:
    """What an IIO channel measures, in the unit of its type; raises OSError and ValueError."""
    raw = read_number(_attribute(channel, "raw"))
    return (raw + _shared(channel, "offset", 0.0)) * _shared(channel, "scale", 1.0)


def write_channel(channel: Path, value: float) -> None:
    """Let an IIO channel put out `value`, in the unit of its type; raises OSError and ValueError."""
    raw = value / _shared(channel, "scale", 1.0) - _shared(channel, "offset", 0.0)
    write_text(_attribute(channel, "raw"), f"{round(raw)}\n")


def _shared(channel: Path, name: str, missing: float) -> float:
    """An attribute of the channel, else that of all channels of its type, else `missing`."""
    every = channel.with_name(_NUMBER.sub("", channel.name))
    for path in (_attribute(channel, name), _attribute(every, name)):
        try:
            return read_number(path)
        except FileNotFoundError:
            continue
    return missing


def _attribute(channel: Path, name: str) -> Path:
    return channel.with_name(f"{channel.name}_{name}")

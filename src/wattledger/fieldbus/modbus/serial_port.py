"""Serial ports by termios: opened raw and for us alone, read and written without blocking on any event loop."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import logging
import os
import struct
import termios
from contextlib import suppress

from wattledger.fieldbus.modbus.rtu_line import PortOwner
from wattledger.fieldbus.modbus.serial_settings import Parity, SerialSettings

log = logging.getLogger(__name__)

MOST_BYTES = 4096  # of one read: what the kernel keeps for a tty
MOST_UNSENT_BYTES = 4096  # then the adapter has stopped sending; a frame has 256

# <asm-generic/ioctls.h> and <linux/serial.h>; not in Python's termios
TIOCGSERIAL = 0x541E
TIOCSSERIAL = 0x541F
ASYNC_LOW_LATENCY = 1 << 13
SERIAL_STRUCT_BYTES = 128  # the kernel's structure has 60 to 72
FLAGS_OFFSET = 16  # behind type, line, port and irq, four bytes each

IFLAG, OFLAG, CFLAG, LFLAG, ISPEED, OSPEED, CC = range(7)


class SerialPort:
    """An open port that hands over what it receives, on asyncio's own loop as on uvloop."""

    def __init__(self, fd: int, owner: PortOwner) -> None:
        self._fd = fd
        self._owner = owner
        self._loop = asyncio.get_running_loop()
        self._unsent = b""
        self._loop.add_reader(fd, self.read_now)

    def write(self, data: bytes) -> None:
        """Send `data` in the background; when that fails the port is lost."""
        if self._fd < 0:
            return
        self._unsent += data
        if len(self._unsent) > MOST_UNSENT_BYTES:
            self._lose("the port takes no more bytes")
            return
        self._flush()

    def read_now(self) -> None:
        """Hand over what has arrived, without waiting."""
        if self._fd < 0:
            return
        try:
            data = os.read(self._fd, MOST_BYTES)
            if not data:
                # With VMIN and VTIME 0 a read of nothing is no end; a port that was unplugged no longer has settings.
                termios.tcgetattr(self._fd)
        except BlockingIOError:
            return
        except (OSError, termios.error) as error:
            self._lose(_reason(error))
            return
        if data:
            self._owner.received(data)

    def close(self) -> None:
        """Release the port; nothing is handed over any more."""
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        self._loop.remove_reader(fd)
        self._loop.remove_writer(fd)
        with suppress(OSError, termios.error):
            termios.tcflush(fd, termios.TCIOFLUSH)  # else closing waits for an adapter that does not send
            fcntl.ioctl(fd, termios.TIOCNXCL)
        with suppress(OSError):
            os.close(fd)

    def _flush(self) -> None:
        try:
            sent = os.write(self._fd, self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(_reason(error))
            return
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)

    def _lose(self, reason: str) -> None:
        self.close()
        self._owner.lost(reason)


def open_serial_port(settings: SerialSettings, owner: PortOwner) -> SerialPort:
    """Open and set the port; raises OSError when it is not there, is no serial port, or another program has it.

    What the port does not take of the settings is logged, and the port is used nevertheless.
    """
    fd = os.open(settings.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _take_alone(fd)
        _set_up(fd, settings)
        _ask_low_latency(fd)
        termios.tcflush(fd, termios.TCIOFLUSH)
        return SerialPort(fd, owner)
    except termios.error as error:
        os.close(fd)
        raise OSError(*error.args) from error
    except BaseException:
        os.close(fd)
        raise


def _take_alone(fd: int) -> None:
    """Keep others out: by TIOCEXCL those who would open the port, by flock those who may open it in spite of that."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OSError(errno.EBUSY, "another program uses the port") from error
    fcntl.ioctl(fd, termios.TIOCEXCL)


def _set_up(fd: int, settings: SerialSettings) -> None:
    wanted = termios.tcgetattr(fd)
    wanted[IFLAG] = termios.INPCK if settings.parity is not Parity.NONE else 0
    wanted[OFLAG] = wanted[LFLAG] = 0
    wanted[CFLAG] = _cflag(settings)
    wanted[ISPEED] = wanted[OSPEED] = getattr(termios, f"B{settings.baudrate}")
    wanted[CC][termios.VMIN] = wanted[CC][termios.VTIME] = 0
    try:
        termios.tcsetattr(fd, termios.TCSANOW, wanted)
    except termios.error as error:
        if error.args[0] != errno.EINVAL:  # says only that not all was taken; what was, the comparison tells
            raise
    differences = _differences(wanted, termios.tcgetattr(fd))
    if differences:
        log.warning("%s: the port did not take %s", settings, ", ".join(differences))


def _cflag(settings: SerialSettings) -> int:
    cflag = termios.CS8 | termios.CREAD | termios.CLOCAL
    if settings.parity is not Parity.NONE:
        cflag |= termios.PARENB
    if settings.parity is Parity.ODD:
        cflag |= termios.PARODD
    if settings.actual_stop_bits == 2:
        cflag |= termios.CSTOPB
    return cflag


def _differences(wanted: list[int | list[bytes | int]], got: list[int | list[bytes | int]]) -> list[str]:
    names = []
    if wanted[ISPEED] != got[ISPEED] or wanted[OSPEED] != got[OSPEED]:
        names.append("the speed")
    differing = _number(wanted[CFLAG]) ^ _number(got[CFLAG])
    flags = {
        "the number of data bits": termios.CSIZE,
        "the parity": termios.PARENB | termios.PARODD,
        "the stop bits": termios.CSTOPB,
    }
    names += [name for name, mask in flags.items() if differing & mask]
    if any(wanted[kind] != got[kind] for kind in (IFLAG, OFLAG, LFLAG)):
        names.append("the raw mode")
    return names


def _number(flags: int | list[bytes | int]) -> int:
    assert isinstance(flags, int)  # noqa: S101 - only the control characters are a list
    return flags


def _ask_low_latency(fd: int) -> None:
    """Have a USB adapter hand over at once what it received, instead of every 16 ms; not every driver knows it."""
    state = bytearray(SERIAL_STRUCT_BYTES)
    with suppress(OSError):
        fcntl.ioctl(fd, TIOCGSERIAL, state)
        (flags,) = struct.unpack_from("=i", state, FLAGS_OFFSET)
        struct.pack_into("=i", state, FLAGS_OFFSET, flags | ASYNC_LOW_LATENCY)
        fcntl.ioctl(fd, TIOCSSERIAL, state)


def _reason(error: OSError | termios.error) -> str:
    return os.strerror(error.args[0]) if error.args and isinstance(error.args[0], int) else str(error)

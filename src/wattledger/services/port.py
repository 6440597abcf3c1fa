"""Whether an address is free to listen at."""

from __future__ import annotations

import socket

from wattledger.services.errors import PortInUseError, ServiceError
from wattledger.web.terminal import gettext as _


def probe(host: str, port: int) -> None:
    """Bind as an ordinary server would, and let go. Raises PortInUseError, or ServiceError for an unusable address.

    The web server binds with SO_REUSEPORT and would share the requests with whoever did the same, as an orphan of an
    earlier server. SO_REUSEADDR only lets the probe pass over connections that are already closed.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _name, address = found[0]
        with socket.socket(family, kind, protocol) as plain:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            plain.bind(address)
            plain.listen(1)  # two may bind with SO_REUSEADDR, but not listen
    except OSError as error:
        raise _refused(host, port, error) from error


def _refused(host: str, port: int, error: OSError) -> ServiceError:
    if isinstance(error, socket.gaierror):
        text = _("{host} is not an address of this computer: {reason}. Give one with --host.")
    elif isinstance(error, PermissionError):
        text = _("Port {port} needs more rights than this user has. Give one above 1023 with --port.")
    else:
        text = _(
            "{host} port {port} cannot be used: {reason}. Stop what uses it, or give others with --host and --port."
        )
        return PortInUseError(text.format(host=host, port=port, reason=error.strerror))
    return ServiceError(text.format(host=host, port=port, reason=error.strerror))

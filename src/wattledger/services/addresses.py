"""The names and addresses by which this computer can be reached."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

SIOCGIFADDR = 0x8915  # netdevice(7)
IPV6_ADDRESSES = Path("/proc/net/if_inet6")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def own_names() -> tuple[str, ...]:
    """`localhost` and the host's names."""
    names = ("localhost", socket.gethostname(), socket.getfqdn())
    return tuple(dict.fromkeys(name for name in names if name and len(name) <= 253))


def own_addresses() -> tuple[Address, ...]:
    """Loopback and the present addresses of all interfaces, without those that are valid on one link only."""
    loopback = (ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1"))
    found = (*loopback, *_ipv4(), *_ipv6())
    return tuple(dict.fromkeys(address for address in found if not address.is_link_local))


def _ipv4() -> list[Address]:
    found: list[Address] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for _number, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(any_socket, SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:
                continue  # no IPv4 address there
            found.append(ipaddress.IPv4Address(answer[20:24]))
    return found


def _ipv6() -> list[Address]:
    try:
        lines = IPV6_ADDRESSES.read_text().splitlines()
    except OSError:
        return []  # a kernel without IPv6
    return [ipaddress.IPv6Address(int(line.split()[0], 16)) for line in lines]

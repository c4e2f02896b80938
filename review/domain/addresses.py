"""Which network addresses may a message be sent to? Public ones, and those that the settings name.

`ipaddress` calls some addresses global that lead inside: those that carry an IPv4 address of any kind within
an IPv6 one, and multicast. They are refused here, whatever stands inside.
"""

from collections.abc import Sequence
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED: Final[tuple[Network, ...]] = tuple(
    ip_network(written)
    for written in (
        "0.0.0.0/8",  # this network, RFC 791
        "100.64.0.0/10",  # shared by carriers, RFC 6598
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "192.88.99.0/24",  # relays of 6to4, RFC 7526
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "::/96",  # unspecified, loopback, IPv4-compatible, RFC 4291
        "::ffff:0:0/96",  # IPv4-mapped, RFC 4291
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # protocol assignments with Teredo, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "2002::/16",  # 6to4, RFC 3056
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)


def read_address(text: str) -> Address | None:
    """The address in this text, without brackets; None where it is a name."""
    try:
        return ip_address(text.removeprefix("[").removesuffix("]"))
    except (AddressValueError, ValueError):
        return None


def is_named(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the settings name this address."""
    return any(address.version == network.version and address in network for network in networks)


def may_be_reached(address: Address, networks: Sequence[Network]) -> bool:
    """Whether a message may be sent there."""
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return False
    if is_named(address, networks):
        return True
    inside = (
        address.is_multicast
        or address.is_private
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )
    return address.is_global and not inside and not is_named(address, REFUSED)

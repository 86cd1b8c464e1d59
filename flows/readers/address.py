"""Which addresses may be connected to: public ones. What a page or a name server says must not lead into the user's own network.

The tables follow the IANA registries of special-purpose addresses. An address that carries another inside (IPv4-mapped,
6to4, NAT64) is as public as the one it carries.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_CLOSED4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata too
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's metadata and DNS, in a range that is otherwise public
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, given up
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
_OPEN6 = IPv6Network("2000::/3")
_CLOSED6 = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # protocol assignments, with Teredo and ORCHID
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; what is no IP address is not.

    >>> is_public("93.184.215.14"), is_public("::ffff:127.0.0.1"), is_public("fe80::1%eth0"), is_public("2130706433")
    (True, False, False, False)
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        carried = _carried(found)
        if carried is None:
            return found in _OPEN6 and not any(found in net for net in _CLOSED6)
        found = carried
    return not any(found in net for net in _CLOSED4)


def _carried(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    return IPv4Address(address.packed[-4:]) if address in _NAT64 else None

"""The address by which this machine reaches what it listens on."""

from ipaddress import ip_address

_IPV4 = 4


def reachable_host(host: str) -> str:
    """Return the host by which this machine reaches what listens on ``host``, as it stands in a URL."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == _IPV4 else "[::1]"
    return str(address) if address.version == _IPV4 else f"[{address}]"

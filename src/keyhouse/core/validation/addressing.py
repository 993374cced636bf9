"""What can be said of a host in an address without asking anybody."""

import re
from ipaddress import ip_address
from typing import Final

from keyhouse.core.addresses import is_public
from keyhouse.core.hosts import is_number

_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
_LABEL_LENGTH_MAX: Final = 63
"""RFC 1035, 2.3.4."""


def is_local_name(host: str) -> bool:
    """Whether it is `localhost`, or a name below it (RFC 6761, 6.3)."""
    name = host.lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def is_loopback_host(host: str) -> bool:
    """Whether a host is this machine itself, as name or as a plain address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return is_local_name(host)


def is_private_host(host: str) -> bool:
    """Whether a host is known to be private without asking anybody.

    Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses, though they
    are none by the rules: what is a number and no usual address counts as private.
    """
    if is_local_name(host):
        return True
    name = host.lower().removesuffix(".")
    if ":" not in name and not is_number(name):
        return False
    try:
        return not is_public(name)
    except ValueError:
        return True


def allowed_by(setting: str) -> str:
    """What to do about a private address: who runs the installation knows the setting."""
    public = "name an address that all of the internet can reach"
    return f"{public}; whoever runs Keyhouse may allow others ({setting})"


def is_host(host: str) -> bool:
    """Whether it can stand in an address, as `urlsplit` gives it."""
    # urlsplit has checked what stands in brackets to be an IPv6 address.
    return ":" in host or (
        _HOST.fullmatch(host) is not None
        and ".." not in host
        and all(len(label) <= _LABEL_LENGTH_MAX for label in host.split("."))
    )

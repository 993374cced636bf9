"""Checks of the hosts by which an API is called."""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from keyhouse.core.hosts import is_name, is_starred, parent_of
from keyhouse.core.validation.problem import Problem, check_items

_MEND: Final = (
    "write it as api.example.com or *.example.com: lower case, no port, no path, "
    "other letters than a-z as xn--…"
)


def check_hosts(field: str, hosts: Sequence[str], own: Collection[str]) -> list[Problem]:
    """Names of an API. `own` are those of Keyhouse itself, which no API may have."""
    return check_items(field, hosts, _check(own))


def _check(own: Collection[str]) -> Callable[[str, str], list[Problem]]:
    def check(field: str, host: str) -> list[Problem]:
        if host in own:
            return [Problem(field, "is a name of Keyhouse itself", "choose another")]
        if not is_starred(host):
            return [] if is_name(host) else [Problem(field, "is no host", _MEND)]
        parent = parent_of(host)
        if not is_name(parent):
            return [Problem(field, "is no host", _MEND)]
        if "." not in parent:
            return [Problem(field, "covers too much", "put two labels behind the star")]
        return []

    return check

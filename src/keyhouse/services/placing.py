"""Where an installation lets APIs be: by which names, and at which addresses."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Placing:
    """`own_hosts` are Keyhouse's own names, which no API may have."""

    own_hosts: frozenset[str] = frozenset()


ANYWHERE: Final = Placing()
"""No name is taken, no address is refused."""

"""Where an installation lets APIs and endpoints be: names, and addresses."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Placing:
    """`own_hosts` are Keyhouse's own names, which no API may have.

    Upstreams may be private addresses if `upstream_private`, and else those of
    the organizations `upstream_private_for`. Events may be sent to private
    addresses if `webhook_private`.
    """

    own_hosts: frozenset[str] = frozenset()
    upstream_private: bool = True
    upstream_private_for: frozenset[str] = frozenset()
    webhook_private: bool = True

    def admits_private(self, organization_id: str) -> bool:
        """Whether the upstreams of that organization may be private addresses."""
        return self.upstream_private or organization_id in self.upstream_private_for


ANYWHERE: Final = Placing()
"""No name is taken, no address is refused."""

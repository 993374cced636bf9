"""Which API a host leads to: what was asked for lately, in bounded memory."""

from collections import OrderedDict
from typing import Final

HOSTS_MAX: Final = 16_384


class HostIndex:
    """Slugs by host, `""` for a host that no API has. One thread uses it.

    `in_use` says whether any API may have a host; until then nobody need ask.
    Any stranger may ask for any host, so the longest unasked-for is forgotten
    first: those that are in use stay. All of it is forgotten when a host
    changes, for one of them may be covered by another's star.
    """

    __slots__ = ("_slugs", "in_use")

    def __init__(self) -> None:
        self.in_use = False
        self._slugs: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._slugs)

    def slug(self, host: str) -> str | None:
        """The slug of its API, `""` where it has none, None where that is not known."""
        slug = self._slugs.get(host)
        if slug is not None:
            self._slugs.move_to_end(host)
        return slug

    def keep(self, host: str, slug: str) -> None:
        """Remember where a host leads."""
        self._slugs[host] = slug
        if len(self._slugs) > HOSTS_MAX:
            self._slugs.popitem(last=False)

    def changed(self) -> None:
        """A host leads elsewhere now: there may be some, and nothing is known of any."""
        self.in_use = True
        self._slugs.clear()

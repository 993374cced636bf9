"""Which API a host leads to: what was asked for lately, in bounded memory."""

from collections import Counter, OrderedDict
from typing import Final

from keyhouse.core.prefixes import Prefixes

HOSTS_MAX: Final = 16_384
PREFIXES_MAX: Final = 65_536


class HostIndex:
    """Where hosts lead. One thread uses it.

    `in_use` says whether any API may have a host; until then nobody need ask.
    Any stranger may ask for any host, so the longest unasked-for is forgotten
    first: those that are in use stay. All of it is forgotten when a host
    changes, for one of them may be covered by another's star. Names below one
    star have its prefixes in common.
    """

    __slots__ = ("_leads", "_names", "_prefixes", "_shared", "in_use")

    def __init__(self) -> None:
        self.in_use = False
        self._leads: OrderedDict[str, str | Prefixes] = OrderedDict()
        self._shared: dict[str, Prefixes] = {}
        self._names: Counter[str] = Counter()
        self._prefixes = 0

    def __len__(self) -> int:
        """How many hosts are remembered."""
        return len(self._leads)

    def lead(self, host: str) -> str | Prefixes | None:
        """The slug of its API or its prefixes, `""` where no API has it, None where

        that is not known.
        """
        lead = self._leads.get(host)
        if lead is not None:
            self._leads.move_to_end(host)
        return lead

    def keep(self, host: str, lead: str | Prefixes) -> None:
        """Remember where a host leads."""
        self._let_go(self._leads.pop(host, ""))
        if isinstance(lead, Prefixes):
            lead = self._share(lead)
        self._leads[host] = lead
        while len(self._leads) > HOSTS_MAX or self._prefixes > PREFIXES_MAX:
            self._let_go(self._leads.popitem(last=False)[1])

    def changed(self) -> None:
        """A host leads elsewhere now: there may be some, and nothing is known of any."""
        self.in_use = True
        self._leads.clear()
        self._shared.clear()
        self._names.clear()
        self._prefixes = 0

    def _share(self, lead: Prefixes) -> Prefixes:
        shared = self._shared.setdefault(lead.host, lead)
        if not self._names[shared.host]:
            self._prefixes += shared.count
        self._names[shared.host] += 1
        return shared

    def _let_go(self, lead: str | Prefixes) -> None:
        """One name less leads there; the last takes the prefixes with it."""
        if not isinstance(lead, Prefixes):
            return
        self._names[lead.host] -= 1
        if not self._names[lead.host]:
            del self._names[lead.host], self._shared[lead.host]
            self._prefixes -= lead.count

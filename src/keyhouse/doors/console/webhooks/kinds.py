"""Kinds of events as people choose among them: in groups, and in few words."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from keyhouse.core.events import ALL, CHOOSABLE, KINDS

_GROUPS: Final = (
    ("Keys", ("key", "token")),
    ("Quotas and credits", ("quota", "credits")),
    ("Customers and applications", ("customer", "application")),
    ("APIs and routes", ("api", "route")),
    ("Plans and subscriptions", ("plan", "subscription")),
    ("Imports", ("import",)),
    ("Organization and projects", ("organization", "project")),
    ("Members and invitations", ("member", "invitation")),
    ("Webhooks", ("webhook",)),
)
"""Titles, with what the names of their kinds begin with."""


class Choice(NamedTuple):
    """A kind of event; `about` says when it comes, as a sentence begins."""

    name: str
    about: str


class Group(NamedTuple):
    """Kinds that people look for in one place."""

    title: str
    choices: tuple[Choice, ...]

    def chosen(self, events: Collection[str]) -> int:
        """How many of them an endpoint chose by name."""
        return sum(choice.name in events for choice in self.choices)


def _group(title: str, things: Sequence[str]) -> Group:
    kinds = [
        kind
        for kind in KINDS
        if kind.name in CHOOSABLE and kind.name.partition(".")[0] in things
    ]
    return Group(title, tuple(Choice(one.name, _sentence(one.about)) for one in kinds))


def _sentence(about: str) -> str:
    """The table marks names of fields, which a page sets in no type of its own."""
    plain = about.replace("`", "")
    return plain[:1].upper() + plain[1:]


GROUPS: Final = tuple(_group(title, things) for title, things in _GROUPS)
"""All kinds that can be chosen, each once."""


def words(events: Sequence[str]) -> str:
    """What an endpoint is sent, in few words: `key.revoked and 2 more`."""
    if ALL in events:
        return "Every event"
    first, more = events[0], len(events) - 1
    return f"{first} and {more} more" if more else first

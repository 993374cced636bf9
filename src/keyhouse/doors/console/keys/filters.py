"""Which keys a list shows, as its address tells it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from keyhouse.core.secret import holds_ours
from keyhouse.services.issue import KeyFilter, KeyState
from keyhouse.services.reports import KeyActivity

SEARCH_LENGTH_MAX: Final = 200
STATES: Final = {
    KeyState.ACTIVE: "Active",
    KeyState.DISABLED: "Disabled",
    KeyState.REVOKED: "Revoked",
    KeyState.EXPIRED: "Expired",
    KeyState.NOT_YET_VALID: "Not yet valid",
    KeyState.DELETED: "Deleted",
}
SORTS: Final = ("newest", "name", "used", "requests")


class Wanted(NamedTuple):
    """A list's filter and order. `search` never holds a secret: see `read`."""

    search: str = ""
    application: str = ""
    api: str = ""
    state: str = ""
    sort: str = "newest"
    cursor: str = ""

    def query(self, **changes: str) -> str:
        """The address's query for this list with `changes`, '' for the plain list."""
        told = {n: v for n, v in self._replace(**changes)._asdict().items() if v}
        if told.get("sort") == "newest":
            del told["sort"]
        return f"?{urlencode(told)}" if told else ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves any key out."""
        return bool(self.search or self.application or self.api or self.state)

    def filter(self, project: str, environment: str) -> KeyFilter:
        """As services take it."""
        return KeyFilter(
            search=self.search or None,
            application=self.application or None,
            api=self.api or None,
            state=KeyState(self.state) if self.state else None,
            environment=environment,
            project=project,
        )


def read(given: Mapping[str, Any]) -> Wanted:
    """The filter in an address or form. What is no choice counts as not given.

    A search that holds a secret is dropped: it has a way of its own.
    """
    texts = {name: str(given.get(name, "")).strip() for name in Wanted._fields}
    search = texts["search"][:SEARCH_LENGTH_MAX]
    if is_secret(search) or not search.isprintable():
        texts["search"] = ""
    if texts["state"] not in STATES:
        texts["state"] = ""
    if texts["sort"] not in SORTS:
        texts["sort"] = "newest"
    return Wanted(**{**texts, "search": texts["search"] and search})


def is_secret(text: str) -> bool:
    """Whether somebody pasted a whole key."""
    return holds_ours(text.encode())


def in_order(
    rows: Sequence[Any], sort: str, activity: Mapping[str, KeyActivity]
) -> list[Any]:
    """Views of keys as the list's head wants them; the newest first by default."""
    orders: dict[str, Callable[[Any], Any]] = {
        "name": lambda view: view.key.name.casefold(),
        "used": lambda view: -(view.last_used_at or 0),
        "requests": lambda view: -activity[view.key.id].requests,
    }
    return sorted(rows, key=orders[sort]) if sort in orders else list(rows)

"""Which keys a list shows, as its address tells it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from keyhouse.core.secret import holds_ours
from keyhouse.doors.console.keys.about_form import read_tags
from keyhouse.services.issue import KeyFilter, KeyState
from keyhouse.services.reports import KeyActivity

TEXT_LENGTH_MAX: Final = 200
STATES: Final = {
    KeyState.ACTIVE: "Active",
    KeyState.DISABLED: "Disabled",
    KeyState.REVOKED: "Revoked",
    KeyState.EXPIRED: "Expired",
    KeyState.NOT_YET_VALID: "Not yet valid",
    KeyState.DELETED: "Deleted",
}
UNUSED: Final = {
    "": "Any use",
    "never": "Never used",
    "7": "Unused for 7 days",
    "30": "Unused for 30 days",
    "90": "Unused for 90 days",
    "365": "Unused for a year",
}
_NEVER: Final = "never"
_DAY_US: Final = 86_400_000_000
SORTS: Final = ("newest", "name", "used", "requests")


class Wanted(NamedTuple):
    """A list's filter and order. `search` never holds a secret: see `read`."""

    search: str = ""
    application: str = ""
    api: str = ""
    state: str = ""
    owner: str = ""
    tag: str = ""
    customer: str = ""
    unused: str = ""
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
        return self._replace(sort="", cursor="") != Wanted(sort="")

    def filter(self, project: str, environment: str, now_us: int) -> KeyFilter:
        """As services take it; a key is unused for so many days before `now_us`."""
        days = int(self.unused) if self.unused.isdecimal() else None
        return KeyFilter(
            search=self.search or None,
            application=self.application or None,
            api=self.api or None,
            state=KeyState(self.state) if self.state else None,
            environment=environment,
            project=project,
            owner=self.owner or None,
            customer=self.customer or None,
            tags=read_tags(self.tag),
            unused_since=None if days is None else now_us - days * _DAY_US,
            never_used=self.unused == _NEVER,
        )


def read(given: Mapping[str, Any]) -> Wanted:
    """The filter in an address or form. What is no choice counts as not given.

    A text that holds a secret is dropped: a search for one has a way of its own.
    """
    texts = {name: _text(given.get(name, "")) for name in Wanted._fields}
    for name, known in (("state", STATES), ("unused", UNUSED)):
        if texts[name] not in known:
            texts[name] = ""
    if texts["sort"] not in SORTS:
        texts["sort"] = "newest"
    return Wanted(**texts)


def _text(given: object) -> str:
    text = str(given).strip()
    if is_secret(text) or not text.isprintable():
        return ""
    return text[:TEXT_LENGTH_MAX]


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

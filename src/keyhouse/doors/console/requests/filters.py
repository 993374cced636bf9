"""Which requests a list shows, as its address tells it."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import urlencode

from keyhouse.core.entities import Environment
from keyhouse.core.verdict import Verdict
from keyhouse.doors.console.keys.chart import label
from keyhouse.services.reports import REFUSED, RequestFilter, RequestView

OUTCOMES: Final = (
    ("", "Every outcome"),
    (Verdict.VALID.code, "Let pass"),
    (REFUSED, "Refused, for any reason"),
    *((verdict.code, label(verdict.code)) for verdict in Verdict if not verdict.allowed),
)
_LENGTH_MAX: Final = 100


class Wanted(NamedTuple):
    """A list's filter. '' means that it is not narrowed by this."""

    api: str = ""
    verdict: str = ""
    key: str = ""
    application: str = ""
    cursor: str = ""

    def query(self, **changes: str) -> str:
        """The address's query for this list with `changes`, '' for the plain list."""
        told = {n: v for n, v in self._replace(**changes)._asdict().items() if v}
        return f"?{urlencode(told)}" if told else ""

    @property
    def narrows(self) -> bool:
        """Whether it leaves any request out."""
        return any(self._replace(cursor=""))

    def filter(self, environment: Environment) -> RequestFilter:
        """As services take it."""
        return RequestFilter(
            environment=environment.value,
            api=self.api or None,
            application=self.application or None,
            key=self.key or None,
            verdict=self.verdict or None,
        )


def read(given: Mapping[str, object]) -> Wanted:
    """The filter in an address. What cannot be one counts as not given."""
    texts = {name: str(given.get(name, "")).strip() for name in Wanted._fields}
    return Wanted(
        **{
            name: text if text.isprintable() and len(text) <= _LENGTH_MAX else ""
            for name, text in texts.items()
        }
    )


def mark_of(views: Sequence[RequestView]) -> str:
    """A short text that differs where the lines do: what need not be drawn anew."""
    told = "\n".join(f"{view.row.request_id} {view.row.status}" for view in views)
    return blake2b(told.encode(), digest_size=6).hexdigest()

"""What callers are told of the end of what they hold.

`Deprecation` (RFC 9745) since a newer secret took its place, `Sunset` (RFC 8594)
with the moment from which it is refused. Worked out when a line is made, so that
a line without an end has nothing to look at.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from keyhouse.core.quotas import FOREVER_US

TOLD_BEFORE_US: Final = 30 * 86_400 * 1_000_000
"""How long before its end a key is told to end; of a secret's end always."""
_SECOND_US: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Notice:
    """An end that is told. `sunset_us` is, from `sunset_told_us` on.

    `early` are the headers before that, which may be none, `late` those after.
    """

    deprecated_us: int | None
    sunset_us: int | None
    sunset_told_us: int
    early: Headers
    late: Headers

    def headers(self, now_us: int) -> Headers:
        """The headers to tell at that time."""
        return self.late if now_us >= self.sunset_told_us else self.early

    def sunset_at(self, now_us: int) -> int | None:
        """The end, where it is told at that time already."""
        return self.sunset_us if now_us >= self.sunset_told_us else None


def notice_of(
    secret_ends_us: int, replaced_us: int | None, key_ends_us: int
) -> Notice | None:
    """The notice for whoever uses this secret; None where nothing ever ends.

    Ends are FOREVER_US where there are none.
    """
    ends_us = min(secret_ends_us, key_ends_us)
    sunset_us = None if ends_us >= FOREVER_US else ends_us
    if sunset_us is None and replaced_us is None:
        return None
    told_us = 0
    if secret_ends_us >= FOREVER_US and sunset_us is not None:
        told_us = sunset_us - TOLD_BEFORE_US
    early: Headers = ()
    if replaced_us is not None:
        early = (("Deprecation", f"@{replaced_us // _SECOND_US}"),)
    late = early if sunset_us is None else (*early, ("Sunset", _http_date(sunset_us)))
    return Notice(replaced_us, sunset_us, told_us, early, late)


def _http_date(at_us: int) -> str:
    """RFC 9110, 5.6.7; whole seconds, so never later than the end itself."""
    whole = timedelta(seconds=at_us // _SECOND_US)
    return format_datetime(_EPOCH + whole, usegmt=True)

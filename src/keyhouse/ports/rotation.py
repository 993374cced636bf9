"""What is read for the rotation of secrets, beside rows."""

from typing import NamedTuple

from keyhouse.core.usage import LogRow


class Waiting(NamedTuple):
    """A secret that waited for a newer one, and when that was first used, in µs."""

    secret_id: str
    key_id: str
    waits_for: int
    first_used_us: int


class Planned(NamedTuple):
    """An API that an application opens by a subscription to a plan."""

    application_id: str
    api_id: str
    plan_id: str


class SecretUse(NamedTuple):
    """What is known of the use of one secret: requests, and some of the newest lines

    of the log. What the last second or two brought may not be in it yet.
    """

    requests_hour: int = 0
    requests_day: int = 0
    lines: tuple[LogRow, ...] = ()

"""A project at a glance: what changed since yesterday, what needs a hand."""

from enum import StrEnum
from typing import NamedTuple

from keyhouse.core.entities import Api, Key
from keyhouse.services.work import Look


class Sums(NamedTuple):
    """Requests of a day; `refused` and `errors` are among them."""

    requests: int = 0
    refused: int = 0
    errors: int = 0


class Hour(NamedTuple):
    """One hour: let pass (with or without an error), and refused."""

    start_us: int
    served: int
    errors: int
    refused: int


class Need(StrEnum):
    """Why a key needs a hand."""

    ENDING = "ending"
    QUOTA = "quota"
    UNRESTRICTED = "unrestricted"
    UNUSED = "unused"


class KeyNeed(NamedTuple):
    """A key that needs a hand. `at_us` is when it ends or its quota resets, or

    when it was last used; of a quota, its name and how much is used of it.
    """

    key: Key
    need: Need
    at_us: int | None = None
    limit: str | None = None
    used: int | None = None
    amount: int | None = None


class ApiSums(NamedTuple):
    """What one API of the project was asked in the last day."""

    api: Api
    sums: Sums


class Overview(NamedTuple):
    """The last 24 hours and the 24 before them, as far as the project's APIs

    and this environment go; the busiest API and the most urgent key first.
    """

    now: Sums
    before: Sums
    hours: tuple[Hour, ...]
    apis: tuple[ApiSums, ...]
    needs: tuple[KeyNeed, ...]


def overview(look: Look, project: str, environment: str) -> Overview:
    """What a project's people look at first; NotFound for one beyond reach."""
    raise NotImplementedError

"""How lively keys are: what lists and warnings show."""

from collections.abc import Sequence
from typing import NamedTuple

from keyhouse.services.work import Look


class KeyActivity(NamedTuple):
    """A key's last 24 hours: requests in each, the oldest first, and their sums.

    `refused` is how many of `requests` were; the last hour is not yet full.
    """

    hours: tuple[int, ...]
    requests: int
    refused: int


def key_activity(look: Look, key_ids: Sequence[str]) -> dict[str, KeyActivity]:
    """The activity of each of these keys, in one read; all zero for a silent one.

    A key of another organization reads as silent.
    """
    raise NotImplementedError


def calls_in_last_hour(
    look: Look,
    *,
    key: str | None = None,
    application: str | None = None,
    api: str | None = None,
    project: str | None = None,
) -> int:
    """How many requests, refused ones too, concerned this one thing: name one.

    `api` is an id or slug. A project's are those to its APIs and those of its
    applications.
    """
    raise NotImplementedError

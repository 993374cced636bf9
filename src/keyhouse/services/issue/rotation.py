"""A new secret for a key: its id, limits and counts stay."""

from typing import Final

from keyhouse.services.issue.commands import Created
from keyhouse.services.work import Work

OVERLAP_SECONDS_MAX: Final = 31 * 86_400
"""The longest time for which a replaced secret may go on."""


def rotate_key(work: Work, id: str, overlap_seconds: int) -> Created:
    """Give a key a new secret; those it has end after the overlap at the latest.

    With an overlap of 0 they are refused at once. Raises Invalid for an
    overlap that is too long, Taken for a key that no secret would open, and
    Forbidden for a management key that may do more than the actor.
    """
    raise NotImplementedError


def end_secret(work: Work, id: str, secret_id: str) -> None:
    """Refuse one secret of a key from now on.

    Raises Taken for the last that works: that is to revoke the key.
    """
    raise NotImplementedError

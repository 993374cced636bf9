"""Many keys at once: all of them, or none."""

from collections.abc import Sequence
from typing import Final

from keyhouse.core.entities import Resource
from keyhouse.core.validation import Problem
from keyhouse.services.catalog import hold_apis
from keyhouse.services.issue.commands import Created, KeyWish, create_key
from keyhouse.services.refusals import Invalid, Taken, refuse
from keyhouse.services.work import Work

KEYS_MAX: Final = 100
"""As many as one short transaction can write."""
ACCESS_MAX: Final = 1000
"""Entries of access of all keys together: each is a row to be looked up and written."""


def create_keys(work: Work, wishes: Sequence[KeyWish]) -> list[Created]:
    """Make all these keys. Each problem is told with its wish, as `keys[3].name`.

    Raises Invalid with the problems of all wishes, Taken with the first.
    """
    if not 1 <= len(wishes) <= KEYS_MAX:
        reason = "is empty" if not wishes else f"has more than {KEYS_MAX} wishes"
        raise Invalid([Problem("keys", reason, f"send 1 to {KEYS_MAX}")])
    if sum(len(wish.access) for wish in wishes) > ACCESS_MAX:
        reason = f"name more than {ACCESS_MAX} entries of access together"
        raise Invalid([Problem("keys", reason, "send fewer keys at once")])
    # Those of all wishes at once: two batches that name the same crosswise take turns.
    opened = [one for wish in wishes for one in wish.access]
    hold_apis(work, [one.name for one in opened if one.resource is Resource.API])
    made: list[Created] = []
    problems: list[Problem] = []
    for index, wish in enumerate(wishes):
        try:
            made.append(create_key(work, wish))
        except Invalid as invalid:
            problems += [_placed(index, one) for one in invalid.problems]
        except Taken as taken:
            raise Taken(*_placed(index, taken.problem)) from None
    refuse(problems)
    return made


def _placed(index: int, problem: Problem) -> Problem:
    return problem._replace(field=f"keys[{index}].{problem.field}")

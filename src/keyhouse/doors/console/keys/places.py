"""Where in the form of a key a problem is shown.

Services name fields as the API knows them (`access.0.scopes.1`,
`restrictions.networks_allowed.2`); a form has one field for each list.
"""

import re
from collections.abc import Iterable
from typing import Final

from keyhouse.core.validation import Problem
from keyhouse.doors.console.forms import by_field

_LINE: Final = re.compile(
    r"restrictions\.(networks_allowed|networks_denied|referrers|endpoints|apps)(?:\.(\d+))?"
)
_TAG: Final = re.compile(r"tags\.(\d+)")
_SAME: Final = {
    "application.name": "application_name",
    "ends_at": "ends_on",
    "starts_at": "starts_on",
    "rotation.every_days": "rotation_days",
    "rotation.overlap_seconds": "rotation_overlap",
}


def by_place(problems: Iterable[Problem]) -> dict[str, Problem]:
    """The first problem of each of the form's fields, under its name."""
    return by_field(Problem(*_placed(problem), problem.mend) for problem in problems)


def _placed(problem: Problem) -> tuple[str, str]:
    line = _LINE.fullmatch(problem.field)
    if line is not None:
        where = "" if line[2] is None else f"line {int(line[2]) + 1} "
        return line[1], where + problem.reason
    tag = _TAG.fullmatch(problem.field)
    if tag is not None:
        return "tags", f"number {int(tag[1]) + 1} {problem.reason}"
    if problem.field.startswith("access"):
        return "access", problem.reason
    if problem.field in ("limits", "project"):
        return problem.field, problem.reason
    return _SAME.get(problem.field, problem.field), problem.reason

"""Forms that were filled in wrongly, told field by field."""

from collections.abc import Iterable

from keyhouse.core.validation import Problem
from keyhouse.services.refusals import Invalid, Taken


def form_problems(error: Invalid | Taken) -> dict[str, Problem]:
    """The first problem of each field, to be shown beside it."""
    return by_field(error.problems if isinstance(error, Invalid) else (error.problem,))


def by_field(problems: Iterable[Problem]) -> dict[str, Problem]:
    """Problems by their field, the first of each."""
    found: dict[str, Problem] = {}
    for problem in problems:
        found.setdefault(problem.field, problem)
    return found


def safe_next(wanted: str) -> str:
    """An address of our own to go on to after logging in; `/` for any other.

    Browsers read a backslash as a slash, and `//` begins another site's address.
    """
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if own and wanted.isprintable() and len(wanted) < 2000 else "/"

"""What a use-case of the control plane refuses, as one small tree.

A refusal leaves the transaction, which is then rolled back: nothing is
written. A door turns each into an answer, in one place.
"""

from collections.abc import Sequence

from keyhouse.core.validation import Problem


class Refusal(Exception):
    """Base of all: what was asked for is not done, and asking again is no cure."""


class NotFound(Refusal):
    """There is no such thing here. What another organization has reads the same."""

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no such {what}")
        self.what = what


class Invalid(Refusal):
    """Fields hold what they cannot; `problems` names each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.field}: {p.reason}" for p in problems))
        self.problems = tuple(problems)


class Taken(Refusal):
    """What is asked for collides with what is there already."""

    def __init__(self, field: str, reason: str, mend: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.problem = Problem(field, reason, mend)
        self.problems = (self.problem,)


class Forbidden(Refusal):
    """The actor lacks a scope, or has it for less than this needs."""

    def __init__(self, scope: str, whole: str = "") -> None:
        super().__init__(f"this needs the scope {scope}{whole}")
        self.scope = scope


class Mismatch(Refusal):
    """An idempotency key came again with another request."""


def refuse(problems: Sequence[Problem]) -> None:
    """Raise Invalid where there are problems."""
    if problems:
        raise Invalid(problems)

"""The roles of an API as lines of a form: `reader = *:read, status:list`."""

from collections.abc import Mapping, Sequence

from keyhouse.core.validation import Problem
from keyhouse.doors.console.apis.words import of_word, words

_MEND = "write one a line, as reader = forecast:read"


def show_roles(roles: Mapping[str, Sequence[str]]) -> str:
    """The lines that show these roles."""
    lines = (f"{name} = {', '.join(scopes)}" for name, scopes in roles.items())
    return "\n".join(line.rstrip() for line in lines)


def read_roles(text: str) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    """The roles that lines come to, and the first line that says none."""
    roles: dict[str, tuple[str, ...]] = {}
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, sign, scopes = (part.strip() for part in line.partition("="))
        if not sign:
            problems.append(Problem("roles", f"line {number} has no =", _MEND))
        elif name in roles:
            mend = "put its scopes on one line"
            problems.append(Problem("roles", f"line {number} names {name} again", mend))
        roles[name] = words(scopes)
    return roles, problems


def of_role(text: str, problem: Problem) -> Problem:
    """A problem with a role or one of its scopes, told with what was typed."""
    roles, _ = read_roles(text)
    for name, scopes in roles.items():
        rest = problem.field.removeprefix(f"roles.{name[:64]}")
        if rest == "":
            return Problem("roles", f"{name} {problem.reason}".strip(), problem.mend)
        if rest.removeprefix(".").isdigit():
            told = of_word("roles", scopes, problem)
            return told._replace(reason=f"{name}: {told.reason}")
    return problem._replace(field="roles")

"""Words that are typed into one field, and what is wrong with one of them."""

import re
from collections.abc import Sequence

from keyhouse.core.validation import Problem


def words(text: str) -> tuple[str, ...]:
    """Words set apart by spaces, commas or lines, each once."""
    return tuple(dict.fromkeys(re.split(r"[\s,]+", text.strip()))) if text.strip() else ()


def of_word(field: str, typed: Sequence[str], problem: Problem) -> Problem:
    """A problem with one word of many, told with the word itself."""
    index = problem.field.rpartition(".")[2]
    word = typed[int(index)] if index.isdigit() and int(index) < len(typed) else ""
    return Problem(field, f"{word} {problem.reason}".strip(), problem.mend)

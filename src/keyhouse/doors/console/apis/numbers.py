"""Whole numbers as people type them."""

from keyhouse.core.validation import Problem

_GROUPING = str.maketrans("", "", " _,'\u00a0\u202f\u2019")
_DIGITS_MAX = 18


def read_number(
    field: str, text: str, blank: int | None = None
) -> tuple[int, list[Problem]]:
    """The number in `text`, grouped or not, or `blank` where nothing was typed.

    Where it is none, the number is 0 and the problem names `field`.
    """
    plain = text.translate(_GROUPING)
    if not plain and blank is not None:
        return blank, []
    if not plain:
        return 0, [Problem(field, "is empty", "give a whole number, as 600")]
    if not (plain.isascii() and plain.isdigit() and len(plain) <= _DIGITS_MAX):
        return 0, [Problem(field, "is no whole number", "use digits alone, as 600")]
    return int(plain), []

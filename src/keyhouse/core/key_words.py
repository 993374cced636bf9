"""The words that a key is found by: those of its name, its tags, its secrets' ends.

A mark stands before what is no word of the name, so that the three never meet.
All are compared case aside, and in one form of what can be written in several.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

LENGTH_MAX: Final = 64
"""Of a word as it is kept; a longer one is found by what it begins with."""
_TAG: Final = "#"
_HINT: Final = "…"
_END: Final = "\U0010ffff"
_WORDS: Final = re.compile(r"[^\W_]+")
_HINT_LENGTH: Final = 4


class Sought(NamedTuple):
    """A word that is sought: from `first` on and before `last`, or the whole `hint`."""

    first: str
    last: str
    hint: str | None = None


def words_of_name(name: str) -> frozenset[str]:
    """The words of a key's name."""
    return frozenset(_split(name))


def word_of_tag(tag: str) -> str:
    """What a key is found by for a tag."""
    return _TAG + tag[:LENGTH_MAX]


def word_of_hint(hint: str) -> str:
    """What a key is found by for the hint of one of its secrets: its last characters."""
    return _HINT + _plain(hint.rpartition(_HINT)[2])[-_HINT_LENGTH:]


def words_of_key(name: str, tags: Iterable[str]) -> frozenset[str]:
    """All words of a key but those of its secrets."""
    return words_of_name(name) | {word_of_tag(tag) for tag in tags}


def sought_in_names(text: str) -> tuple[Sought, ...] | None:
    """The beginnings of words that `text` asks for; None where it holds no word."""
    return tuple(_beginning(word) for word in _split(text)) or None


def sought_anywhere(text: str) -> tuple[Sought, ...] | None:
    """As `sought_in_names`, and four characters may also be the end of a secret.

    A whole hint, as `kh_sk_test_…k9Qa`, asks for its end alone.
    """
    found: list[Sought] = []
    for part in text.split():
        if _HINT in part:
            found.append(Sought("", "", word_of_hint(part)))
            continue
        for word in _split(part):
            hint = _HINT + word if len(word) == _HINT_LENGTH else None
            found.append(_beginning(word)._replace(hint=hint))
    return tuple(found) or None


def _beginning(word: str) -> Sought:
    return Sought(word, word + _END)


def _split(text: str) -> list[str]:
    return [word[:LENGTH_MAX] for word in dict.fromkeys(_WORDS.findall(_plain(text)))]


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()

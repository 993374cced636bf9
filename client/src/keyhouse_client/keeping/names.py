"""What a secret may be called, and what may be kept as one."""

import re
from collections.abc import Iterator
from typing import Final

from keyhouse_client.scanning.shape import matches

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
SECRET_BYTES_MAX: Final = 8192
_NAME: Final = re.compile(NAME)
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def is_name(text: str) -> bool:
    """Whether a secret may be called so."""
    return _NAME.fullmatch(text) is not None


def demand_name(text: str) -> str:
    """The name. Raises ValueError, which does not show it: it might be a secret."""
    if not is_name(text):
        raise ValueError(
            "a name is at most 100 letters, digits, dots, dashes and underscores, and "
            "begins with a letter or digit; what was given is none"
        )
    return text


def is_variable(text: str) -> bool:
    """Whether an env file may set a variable of that name."""
    return _VARIABLE.fullmatch(text) is not None


def demand_secret(text: str) -> str:
    """The secret in what was typed or piped, without the line break at its end.

    Raises ValueError, which does not show it, for what is no one line of text, and
    for more than SECRET_BYTES_MAX.
    """
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret.strip():
        raise ValueError("the secret is empty: type it at the prompt, or pipe it in")
    if _CONTROL.search(secret):
        raise ValueError(
            "a secret is one line of text, without control characters: give it alone"
        )
    try:
        size = len(secret.encode("utf-8"))
    except UnicodeEncodeError:
        raise ValueError("a secret is text in UTF-8; what was given is not") from None
    if size > SECRET_BYTES_MAX:
        raise ValueError(f"a secret has at most {SECRET_BYTES_MAX} bytes")
    return secret


def is_keyhouse_secret(text: str) -> bool:
    """Whether it is a secret of a Keyhouse, by its checksum, and nothing besides."""
    return any(found == text for found in _keyhouse_secrets(text))


def holds_keyhouse_secret(text: str) -> bool:
    """Whether something in it is."""
    return any(_keyhouse_secrets(text))


def _keyhouse_secrets(text: str) -> Iterator[str]:
    data = text.encode("utf-8", "surrogateescape")
    return (match.secret.text for match in matches(data, 0, len(data)))

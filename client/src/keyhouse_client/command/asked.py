"""What a person is asked: at a terminal, or by what is piped in."""

import sys
import warnings
from getpass import GetPassWarning, getpass

from keyhouse_client.keeping.names import SECRET_BYTES_MAX, demand_secret

_LINE_BREAK = 2


def asked_secret(prompt: str) -> str:
    """A secret, typed at a prompt that does not show it, or all of standard input.

    Raises ValueError, which does not show it, for what is no secret.
    """
    if not sys.stdin.isatty():
        try:
            return demand_secret(sys.stdin.read(SECRET_BYTES_MAX + _LINE_BREAK + 1))
        except UnicodeDecodeError:
            raise ValueError("a secret is text in UTF-8; what came is not") from None
    with warnings.catch_warnings():
        # A terminal that can't hide what is typed would show it.
        warnings.simplefilter("error", GetPassWarning)
        try:
            return demand_secret(getpass(f"{prompt}: "))
        except GetPassWarning:
            raise ValueError("this terminal can't hide a secret: pipe it in") from None
        except (EOFError, KeyboardInterrupt):
            raise ValueError("nothing was typed") from None


def demand_yes(question: str, *, said: bool) -> None:
    """Ask it, unless the answer was `said`. Raises ValueError for all but yes."""
    if said:
        return
    if not sys.stdin.isatty():
        raise ValueError("nobody is there to be asked: --yes goes on without")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise ValueError("nothing was changed")

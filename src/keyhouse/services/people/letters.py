"""The mails that people get."""

from typing import Final

from keyhouse.ports import Mail

CONFIRM_HOURS: Final = 48
RESET_HOURS: Final = 1


def confirm_letter(email: str, name: str, public_url: str, token: str) -> Mail:
    """To an address that somebody signed up with."""
    return Mail(
        email,
        "Confirm your address",
        f"Hello {name},\n\nopen this link, and type the password that you chose, to "
        f"finish signing up:\n\n{public_url}/confirm?ticket={token}\n\nIt works once, "
        f"for {CONFIRM_HOURS} hours. If you did not sign up, ignore this mail: somebody "
        "else typed your address, and without the link there is no account.\n",
    )


def known_letter(email: str, public_url: str) -> Mail:
    """To an address that has an account, and that somebody signed up with again."""
    return Mail(
        email,
        "You have an account already",
        "Somebody, probably you, signed up with this address. It has an account "
        f"already.\n\nLog in: {public_url}/login\nForgot the password? "
        f"{public_url}/forgot\n\nIf it was not you, do nothing.\n",
    )


def reset_letter(email: str, public_url: str, token: str) -> Mail:
    """To somebody who forgot the password."""
    return Mail(
        email,
        "Set a new password",
        f"Open this link to set a new password:\n\n{public_url}/reset?ticket={token}\n\n"
        f"It works once, for {RESET_HOURS} hour. If you did not ask for it, do nothing: "
        "your password stays as it is.\n",
    )


def changed_letter(email: str, public_url: str) -> Mail:
    """To somebody whose password is another one now."""
    return Mail(
        email,
        "Your password was changed",
        "Your password was changed, and other browsers were logged out. If it was not "
        f"you, set a new one at once: {public_url}/forgot\n",
    )

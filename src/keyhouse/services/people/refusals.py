"""What people are refused before they are anybody."""

from keyhouse.services.refusals import Refusal


class WrongLogin(Refusal):
    """Address and password do not open an account; which of them is not told."""

    def __init__(self) -> None:
        super().__init__(
            "email and password do not fit, or the address is not confirmed yet: "
            "look for our mail"
        )


class TooManyAttempts(Refusal):
    """Too many tries for this account or from this place."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"too many tries; wait {retry_after_seconds} seconds")
        self.retry_after_seconds = retry_after_seconds


class BadTicket(Refusal):
    """A mailed link that was used, is past its time, or never was one of ours."""

    def __init__(self) -> None:
        super().__init__("this link was used already or is past its time; ask for another")


class SignUpClosed(Refusal):
    """Nobody signs up here, or only those who were invited by this address."""

    def __init__(self, *, invited: bool) -> None:
        super().__init__(
            "an invitation to this address is needed to sign up here"
            if invited
            else "nobody can sign up here; ask who runs this Keyhouse for an account"
        )
        self.invited = invited

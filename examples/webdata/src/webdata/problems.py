"""What goes wrong, told so that the caller can mend it (RFC 9457)."""

from typing import Any

PROBLEM_TYPE = "application/problem+json"


class Problem(Exception):
    """A call that cannot be answered: its status, and what is wrong where."""

    def __init__(self, status: int, code: str, field: str, reason: str, mend: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.status = status
        self.code = code
        self.error = {"field": field, "reason": reason, "mend": mend}

    def body(self) -> dict[str, Any]:
        """The problem's members."""
        return {
            "type": f"urn:webdata:problem:{self.code}",
            "title": self.code.replace("_", " ").capitalize(),
            "status": self.status,
            "detail": f"{self.error['field']} {self.error['reason']}.",
            "code": self.code,
            "errors": [self.error],
        }


def bad_url(reason: str, mend: str) -> Problem:
    """The address that was given is of no use."""
    return Problem(422, "bad_url", "url", reason, mend)


def bad_page(reason: str, *, status: int = 502) -> Problem:
    """The address is good, and what stands behind it is not."""
    return Problem(status, "page_unavailable", "url", reason, "try another page, or later")

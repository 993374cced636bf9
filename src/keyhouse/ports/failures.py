"""What goes wrong outside."""

from enum import StrEnum


class StoreUnavailable(Exception):
    """The database (or counter store) cannot be reached; try again later.

    `public` may be shown to anyone; the exception's own text is for the log.
    """

    public = "Keyhouse cannot reach its records now; try again shortly."


class Deadlocked(StoreUnavailable):
    """The transaction was broken off, for it and another waited for each other.

    Nothing of it was written; the same again finds the other done.
    """


class NoSpool(OSError):
    """A spool cannot be made; the text tells where and why."""


class Clash(StrEnum):
    """What a row that cannot be written, or removed, runs into."""

    TAKEN = "is taken already"
    MISSING = "names what does not exist"
    NEEDED = "is still referred to"


class Conflict(Exception):
    """A row clashes with those that are there. `field` names where."""

    def __init__(self, field: str, clash: Clash = Clash.TAKEN) -> None:
        super().__init__(f"{field} {clash}")
        self.field = field
        self.clash = clash

"""What can't be done as things are, in one line that tells the mend."""

from typing import ClassVar


class Refused(Exception):
    """It is not done. The text says why, and what to do."""

    code: ClassVar[str] = "refused"
    title: ClassVar[str] = "Refused"


class NotStored(Refused):
    """A name leads to no secret."""

    code = "not_stored"
    title = "Not stored"


class Taken(Refused):
    """A name leads to another secret already."""

    code = "name_taken"
    title = "Name taken"


class OpenToOthers(Refused):
    """Others may read what holds secrets."""

    code = "open_to_others"
    title = "Open to others"


class NoPlace(Refused):
    """A place for secrets does not work."""

    code = "no_place"
    title = "No place for secrets"

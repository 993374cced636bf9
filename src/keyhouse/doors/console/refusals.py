"""What the console itself refuses, before a service is asked."""

from keyhouse.services.refusals import Refusal


class Stranger(Refusal):
    """Nobody is logged in, and this page is for people who are."""


class ForgedForm(Refusal):
    """A form came without the token of its session: ours always have it."""

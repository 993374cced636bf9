"""What a place for secrets can do."""

import secrets
from typing import Protocol

from keyhouse_client.keeping.refusals import NoPlace


class Place(Protocol):
    """Secrets by name. What does not work raises a Refused that tells the mend."""

    @property
    def told(self) -> str:
        """Where that is, for people, and what it does not do."""

    def get(self, name: str) -> str | None:
        """The secret; None where there is none."""

    def set(self, name: str, secret: str) -> None:
        """Keep it, in the place of another of that name. It is there before this ends."""

    def remove(self, name: str) -> None:
        """Keep it no more; of no effect where there is none."""


def try_out(place: Place) -> None:
    """Keep something that is no secret and take it away. Raises where that fails."""
    # No secret's name begins so, and two who try at once do not meet.
    name = f"~trial-{secrets.token_hex(8)}"
    place.set(name, "trial")
    kept = place.get(name)
    place.remove(name)
    if kept != "trial":
        raise NoPlace(f"{place.told}: what is put there is not found again")

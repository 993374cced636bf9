"""Who answers for keys: the members of an organization as a form chooses among them."""

from typing import Final

from keyhouse.services import members
from keyhouse.services.refusals import NotFound
from keyhouse.services.work import Look, Turn

KEEP: Final = "keep"
LEFT: Final = "somebody who has left"
Choice = tuple[str, str]
NOBODY: Final[Choice] = ("", "Nobody")
_SHOWN: Final = 200


def choices(look: Look) -> list[Choice]:
    """The members by name, as ids and words."""
    people = [one.person for one in members.list_members(look, Turn(limit=_SHOWN)).rows]
    named = [(one.id, one.name or one.email) for one in people]
    return sorted(named, key=lambda one: one[1].casefold())


def offered(look: Look, named: list[Choice], owner_id: str) -> list[Choice]:
    """All that a form of a key can choose; who answers now stays, also one who has left."""
    if not owner_id or any(id == owner_id for id, _ in named):
        return [NOBODY, *named]
    return [(KEEP, f"{name_of(look, owner_id)}, as now"), NOBODY, *named]


def name_of(look: Look, owner_id: str) -> str:
    """What a member is called; who is none any more is not told by name."""
    try:
        person = members.get_member(look, owner_id).person
    except NotFound:
        return LEFT
    return person.name or person.email

"""Who made a thing, by name."""

from collections.abc import Mapping
from typing import Final

from keyhouse.services import members
from keyhouse.services.work import Look, Turn

_MEMBERS_MAX: Final = 200


def names_of_members(look: Look) -> Mapping[str, str]:
    """The names of the organization's people, by their ids; of a key there is none."""
    known = members.list_members(look, Turn(limit=_MEMBERS_MAX)).rows
    return {view.person.id: view.person.name for view in known}

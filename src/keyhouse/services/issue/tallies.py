"""How many keys applications have: what a list of applications tells of each."""

from collections.abc import Mapping, Sequence
from typing import Final

from keyhouse.ports import KeyTally
from keyhouse.services.issue.filters import KeyFilter, wanted_keys
from keyhouse.services.issue.queries import READ
from keyhouse.services.work import Look

LOOKED_AT_MAX: Final = 100
"""Keys of one application, the newest: a page of very large ones comes at once, too."""


def tally_keys(
    look: Look, application_ids: Sequence[str], environment: str
) -> Mapping[str, KeyTally]:
    """The keys of each of these applications in an environment, as far as within reach.

    An application that is unknown, or another's, has none.
    """
    wanted = wanted_keys(look, look.actor.reach(READ), KeyFilter(environment=environment))
    if wanted is None:
        return dict.fromkeys(application_ids, KeyTally())
    return look.tx.tally_keys(wanted, application_ids, LOOKED_AT_MAX)

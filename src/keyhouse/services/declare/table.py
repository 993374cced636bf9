"""The kinds that there are, in the order in which they can be made."""

from typing import Final

from keyhouse.services.declare.kinds import Kind
from keyhouse.services.declare.kinds_of_catalog import (
    APIS,
    APPLICATIONS,
    CUSTOMERS,
    PROJECTS,
)
from keyhouse.services.declare.kinds_of_keys import KEYS

KINDS: Final[tuple[Kind, ...]] = (PROJECTS, APIS, CUSTOMERS, APPLICATIONS, KEYS)
SECTIONS: Final = tuple(kind.section for kind in KINDS)

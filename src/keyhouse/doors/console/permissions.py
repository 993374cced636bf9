"""Pages that are for some roles only."""

from keyhouse.doors.console.visits import AtOrganization
from keyhouse.services.refusals import Forbidden


def demand(here: AtOrganization, scope: str) -> None:
    """Raise Forbidden for a form that its visitor could not send anyway."""
    if not here.may(scope):
        raise Forbidden(scope)

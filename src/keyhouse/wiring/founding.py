"""The first organization, made on the machine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyhouse.settings import Settings, SettingsError
from keyhouse.wiring.desks import office_of
from keyhouse.wiring.folder import open_checked

if TYPE_CHECKING:
    from keyhouse.services.tenants import Bootstrapped


def bootstrap(
    settings: Settings, email: str, organization: str, project: str, *, fresh_key: bool
) -> Bootstrapped:
    """The first owner, organization, project and management key.

    Raises SettingsError for a value that cannot be kept.
    """
    from keyhouse.services.refusals import Invalid
    from keyhouse.services.tenants import bootstrap as make

    with open_checked(settings) as database:
        try:
            office = office_of(settings, database)
            return make(office, email, organization, project, fresh_key=fresh_key)
        except Invalid as error:
            told = [f"{one.field}: {one.reason}. {one.mend}" for one in error.problems]
            raise SettingsError("\n".join(told)) from None

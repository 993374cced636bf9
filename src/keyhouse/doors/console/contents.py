"""What the console consists of. Whoever adds a page's module names it here."""

from types import ModuleType
from typing import Final

from keyhouse.doors.console.pages import (
    account,
    apis,
    apis_form,
    apis_try,
    applications,
    auth,
    find,
    home,
    invitations,
    keys,
    keys_acts,
    keys_change,
    keys_explain,
    keys_new,
    keys_one,
    members,
    organizations,
    overview,
    projects,
    requests,
    routes,
    settings,
    upstream_headers,
)

PAGES: Final[tuple[ModuleType, ...]] = (
    home,
    auth,
    account,
    invitations,
    find,
    overview,
    apis_form,
    apis_try,
    apis,
    routes,
    upstream_headers,
    applications,
    keys,
    keys_new,
    keys_one,
    keys_change,
    keys_explain,
    keys_acts,
    requests,
    members,
    organizations,
    projects,
    settings,
)
"""Those with fixed addresses first: `/account/…` is no organization, and `new` no key."""

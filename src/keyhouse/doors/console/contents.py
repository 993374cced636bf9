"""What the console consists of. Whoever adds a page's module names it here."""

from types import ModuleType
from typing import Final

from keyhouse.doors.console.pages import account, auth, home

PAGES: Final[tuple[ModuleType, ...]] = (home, auth, account)
"""Those with fixed addresses first: `/account/…` is no organization."""

"""All keys of an application, customer, owner or project, refused for ever at once."""

import time
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import Application, Customer, Key, Project
from keyhouse.core.validation import Problem
from keyhouse.ports import KeysWanted, Page
from keyhouse.services.actor import Actor, Reach
from keyhouse.services.issue.filters import customers_named, key_reach
from keyhouse.services.issue.owners import owner_named
from keyhouse.services.issue.queries import WRITE
from keyhouse.services.refusals import Invalid, NotFound, Taken
from keyhouse.services.work import Look, Office, Work

KEYS_AT_ONCE: Final = 100
"""Of one transaction, which writes three rows for each: gateways wait meanwhile."""
_COUNTED_AT_ONCE: Final = 1000
_PAUSE_SECONDS: Final = 0.02
"""Between two transactions: SQLite gives its turn to nobody who does not ask again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeWish:
    """Whose keys are to be revoked: exactly one of the four.

    `expected` is how many keys that must be, those that are revoked already
    included: so a repeat after an interruption passes as the first call did.
    """

    application: str | None = None
    customer: str | None = None
    owner: str | None = None
    project: str | None = None
    dry_run: bool = False
    expected: int | None = None

    @property
    def subject(self) -> str:
        """What names them."""
        named = (self.application, self.customer, self.owner, self.project)
        return next(one for one in named if one is not None)


class Revoked(NamedTuple):
    """`matched` keys are there, of which `revoked` were revoked now (or would be)."""

    matched: int
    revoked: int
    dry_run: bool


def revoke_keys(office: Office, actor: Actor, wish: RevokeWish) -> Revoked:
    """Revoke them, deleted ones too, in short transactions; a repeat does the rest.

    The key of the actor is left out, for it is still needed to see how it went.
    Raises Invalid for what is not known or beyond reach, and Taken where
    another number of keys was expected; both before anything is written.
    """
    wanted = office.read(actor, lambda look: _wanted(look, wish))
    matched, open_now = _count(office, actor, wanted)
    if wish.expected is not None and wish.expected != matched:
        mend = "look at them again, or leave it out"
        raise Taken("expected", f"there are {matched} keys", mend)
    if wish.dry_run:
        return Revoked(matched, open_now, dry_run=True)
    done = 0
    cursor: str | None = None
    while True:
        (gone, cursor), _ = office.write(actor, partial(_revoke_some, wanted, cursor))
        done += gone
        if cursor is None:
            return Revoked(matched, done, dry_run=False)
        time.sleep(_PAUSE_SECONDS)


def note_revoked(work: Work, wish: RevokeWish, told: Revoked) -> None:
    """The audit row of the whole, beside that of each key."""
    after = {"matched": told.matched, "revoked": told.revoked}
    work.note("keys.revoke", wish.subject, after=after)


def _wanted(look: Look, wish: RevokeWish) -> KeysWanted:
    reach = look.actor.reach(WRITE)
    every = KeysWanted(
        organization_id=look.actor.organization_id,
        now_us=look.now_us,
        reach=key_reach(reach),
        with_deleted=True,
        but_id=look.actor.id if ids.is_id(look.actor.id, ids.KEY) else None,
    )
    if wish.application is not None:
        return every._replace(application_id=_application(look, reach, wish.application))
    if wish.project is not None:
        return every._replace(project_id=_project(look, reach, wish.project))
    if wish.customer is not None:
        return every._replace(customer_ids=_customers(look, wish.customer))
    owner = owner_named(look, wish.owner or "")
    if owner is None:
        raise _unknown("owner")
    return every._replace(owner_id=owner)


def _application(look: Look, reach: Reach, id: str) -> str:
    try:
        row = look.own(Application, id)
    except NotFound:
        raise _unknown("application") from None
    if not reach.holds_project(row.project_id):
        raise _unknown("application")
    return row.id


def _project(look: Look, reach: Reach, id: str) -> str:
    try:
        row = look.own(Project, id)
    except NotFound:
        raise _unknown("project") from None
    if not reach.holds_project(row.id):
        raise _unknown("project")
    return row.id


def _customers(look: Look, name: str) -> tuple[str, ...]:
    """The customer; an external id must be that of one alone."""
    reach = look.actor.reach(WRITE)
    rows = look.tx.find(Customer, id=customers_named(look, name))
    found = [row.id for row in rows if reach.holds_project(row.project_id)]
    if not found:
        raise _unknown("customer")
    if len(found) > 1:
        mend = "name it by its id"
        raise Invalid([Problem("customer", "is in more than one project", mend)])
    return tuple(found)


def _unknown(field: str) -> Invalid:
    return Invalid([Problem(field, "is not known", "name one of yours by its id")])


def _count(office: Office, actor: Actor, wanted: KeysWanted) -> tuple[int, int]:
    """How many keys there are, and how many of them are not revoked yet."""
    matched = open_now = 0
    cursor: str | None = None
    while True:
        page = office.read(actor, partial(_some, wanted, cursor))
        matched += len(page.rows)
        open_now += sum(key.revoked_at is None for key in page.rows)
        cursor = page.next_cursor
        if cursor is None:
            return matched, open_now


def _some(wanted: KeysWanted, after: str | None, look: Look) -> Page:
    return look.tx.page_of_keys(wanted, after=after, limit=_COUNTED_AT_ONCE)


def _revoke_some(
    wanted: KeysWanted, after: str | None, work: Work
) -> tuple[int, str | None]:
    """Revoke a page of them; how many, and the cursor behind it."""
    page = work.tx.page_of_keys(wanted, after=after, limit=KEYS_AT_ONCE)
    keys: list[Key] = [key for key in page.rows if key.revoked_at is None]
    for key in keys:
        work.change("key.revoke", key, revoked_at=work.now_us)
    return len(keys), page.next_cursor

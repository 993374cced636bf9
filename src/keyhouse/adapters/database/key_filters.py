"""What is wanted of keys, as SQL: what each filter asks of a row, and where its keys are.

A filter has `conditions` on a row of `key`, and may have a `lot`: the ids of
the keys that it lets through, by an index.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from keyhouse.adapters.database.key_lots import Condition, Lot, Parts
from keyhouse.adapters.database.tables import (
    KEY_STATES,
    access,
    application_customer,
    key,
    key_last_use,
    key_word,
)
from keyhouse.core.entities import KeyKind
from keyhouse.core.key_words import Sought, word_of_tag
from keyhouse.ports.keys import KeyReach, KeyState, KeysWanted


class Filter(NamedTuple):
    """One thing that is asked of keys."""

    conditions: tuple[Condition, ...]
    lot: Lot | None = None


def conditions_of(wanted: KeysWanted) -> list[Condition]:
    """What must hold of a row of `key`."""
    return [condition for one in filters_of(wanted) for condition in one.conditions]


def is_active(now_us: int) -> Condition:
    """What holds of a row of `key` that works now."""
    wanted = KeysWanted("", now_us, state=KeyState.ACTIVE)
    return sa.and_(
        *(one for found in _state(wanted, sa.true()) for one in found.conditions)
    )


def all_keys(organization_id: str) -> Lot:
    """All keys of an organization."""
    return Lot(key.c.id, (key.c.organization_id == organization_id,))


def filters_of(wanted: KeysWanted) -> list[Filter]:
    """All that is asked, the narrowest by nature first."""
    mine = key.c.organization_id == wanted.organization_id
    found = [
        *((_equal(key.c.id == wanted.only_id),) if wanted.only_id else ()),
        *(_word(wanted.organization_id, one) for one in wanted.words),
        *(_tag(wanted.organization_id, tag) for tag in wanted.tags),
        *_columns(wanted, mine),
        *_state(wanted, mine),
        *_used(wanted),
    ]
    if wanted.customer_ids is not None:
        found.append(_customers(wanted.customer_ids))
    if wanted.api_id is not None:
        found.append(_api(wanted.api_id))
    if wanted.reach is not None:
        found.append(_reach(wanted.reach))
    if wanted.created_since_us is not None:
        found.append(Filter((key.c.created_at >= wanted.created_since_us,)))
    if wanted.import_id is not None:
        brought = key.c.import_id == wanted.import_id
        found.append(Filter((brought,), Lot(key.c.id, (brought,))))
    if wanted.but_import_ids:
        others = key.c.import_id.not_in(wanted.but_import_ids)
        found.append(Filter((sa.or_(key.c.import_id.is_(None), others),)))
    if wanted.but_id is not None:
        found.append(Filter((key.c.id != wanted.but_id,)))
    return [*found, Filter((mine,))]


def _columns(wanted: KeysWanted, mine: Condition) -> Iterator[Filter]:
    if wanted.application_id is not None:
        yield _equal(key.c.application_id == wanted.application_id)
    if wanted.owner_id is not None:
        owned = key.c.owner_id == wanted.owner_id
        # The text is the index's own: only so does a database know that it may use it.
        lot = Lot(key.c.id, (mine, owned, sa.text("owner_id <> ''")))  # type: ignore[arg-type]
        yield Filter((owned,), lot)
    if wanted.project_id is not None:
        yield _equal(key.c.project_id == wanted.project_id)
    if wanted.environment is not None:
        yield _equal(key.c.environment == wanted.environment.value, mine)
    if wanted.kind is not None:
        yield _equal(key.c.kind == wanted.kind.value, mine)


def _equal(condition: Condition, *beside: Condition) -> Filter:
    return Filter((condition,), Lot(key.c.id, (*beside, condition)))


def _state(wanted: KeysWanted, mine: Condition) -> Iterator[Filter]:
    """The conditions of `services.issue.views.state_of`, in its order."""
    if wanted.state is None:
        if not wanted.with_deleted:
            yield Filter((key.c.deleted_at.is_(None),))
        return
    now, k = wanted.now_us, key.c
    present, standing = k.deleted_at.is_(None), sa.text(KEY_STATES["standing"])
    begun = sa.or_(k.starts_at.is_(None), k.starts_at <= now)
    of: dict[KeyState, tuple[str, tuple[Any, ...]]] = {
        KeyState.DELETED: ("deleted", (k.deleted_at.is_not(None),)),
        KeyState.REVOKED: ("revoked", (present, k.revoked_at.is_not(None))),
        KeyState.DISABLED: (
            "disabled",
            (present, k.revoked_at.is_(None), k.disabled_at.is_not(None)),
        ),
        KeyState.NOT_YET_VALID: ("starting", (standing, k.starts_at > now)),
        KeyState.EXPIRED: ("ending", (standing, begun, k.ends_at <= now)),
        KeyState.ACTIVE: (
            "standing",
            (standing, begun, sa.or_(k.ends_at.is_(None), k.ends_at > now)),
        ),
    }
    index, conditions = of[wanted.state]
    place = sa.text(KEY_STATES[index])
    yield Filter(conditions, Lot(k.id, (mine, place)))  # type: ignore[arg-type]


def _used(wanted: KeysWanted) -> Iterator[Filter]:
    """There is an index by key alone: these are asked of keys found otherwise."""
    used = key_last_use.c.key_id == key.c.id
    if wanted.used_since_us is not None:
        yield Filter((_there_is(used, key_last_use.c.at >= wanted.used_since_us),))
    if wanted.unused_since_us is not None:
        yield Filter((~_there_is(used, key_last_use.c.at >= wanted.unused_since_us),))
    if wanted.never_used:
        yield Filter((~_there_is(used),))


def _there_is(*fits: Condition) -> sa.Exists:
    """Whether there is a row beside a key's, looked up for each key on its own.

    The offset keeps PostgreSQL from beginning with such rows, of which there
    may be very many, where it takes them for few.
    """
    return sa.select(sa.literal_column("1")).where(*fits).offset(0).exists()


def _tag(organization_id: str, tag: str) -> Filter:
    return _by_word(organization_id, key_word.c.word == word_of_tag(tag))


def _word(organization_id: str, sought: Sought) -> Filter:
    word = key_word.c.word
    if not sought.first:
        return _by_word(organization_id, word == sought.hint)
    begins = sa.and_(word >= sought.first, word < sought.last)
    hints = () if sought.hint is None else (word == sought.hint,)
    parts = Parts(word, _words_that_begin(organization_id, sought), hints)
    return _by_word(organization_id, sa.or_(begins, *hints), parts)


def _by_word(organization_id: str, fits: Condition, parts: Parts | None = None) -> Filter:
    has = _there_is(key_word.c.key_id == key.c.id, fits)
    mine = key_word.c.organization_id == organization_id
    return Filter((has,), Lot(key_word.c.key_id, (mine,), (fits,), parts))


def _words_that_begin(organization_id: str, sought: Sought) -> sa.Select[Any]:
    """The different words, each found behind the one before it and not among all."""
    word = key_word.c.word
    mine = (key_word.c.organization_id == organization_id, word < sought.last)
    least = sa.func.min(word, type_=word.type).label("word")
    found = sa.select(least).where(*mine, word >= sought.first).cte("found", recursive=True)
    after = sa.select(least).where(*mine, word > found.c.word).scalar_subquery()
    found = found.union_all(sa.select(after).where(found.c.word.is_not(None)))
    return sa.select(found.c.word).where(found.c.word.is_not(None))


def _api(api_id: str) -> Filter:
    opened = access.c.resource_id == api_id
    opens = _there_is(access.c.key_id == key.c.id, opened)
    return Filter((opens,), Lot(access.c.key_id, (opened,)))


def _customers(customer_ids: tuple[str, ...]) -> Filter:
    link = application_customer.c
    theirs = link.customer_id.in_(customer_ids)
    has = _there_is(link.application_id == key.c.application_id, theirs)
    joined = (theirs, key.c.application_id == link.application_id)
    applications = sa.select(link.application_id).where(theirs).distinct()
    parts = Parts(key.c.application_id, applications)
    return Filter((has,), Lot(key.c.id, (), joined, parts))


def _reach(reach: KeyReach) -> Filter:
    """As `services.issue.queries` has it for one key: with its project, or with all

    that it opens.
    """
    within = sa.and_(
        key.c.kind != KeyKind.MANAGEMENT.value, key.c.project_id.in_(reach.project_ids)
    )
    beyond = _there_is(
        access.c.key_id == key.c.id, access.c.resource_id.not_in(reach.resource_ids)
    )
    conditions = (sa.or_(within, ~beyond),)
    if reach.project_ids:
        return Filter(conditions)
    opened = access.c.resource_id
    parts = Parts(opened, reach.resource_ids)
    one_of_them = (opened.in_(reach.resource_ids),)
    return Filter(conditions, Lot(access.c.key_id, (), one_of_them, parts))

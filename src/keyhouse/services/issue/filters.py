"""Which keys are wanted, with what is named looked up."""

from typing import NamedTuple

from keyhouse.core import ids
from keyhouse.core.entities import (
    UNFINISHED_IMPORTS,
    Customer,
    Environment,
    KeyImport,
    KeyKind,
)
from keyhouse.core.key_words import Sought, sought_anywhere, sought_in_names
from keyhouse.ports import KeyReach, KeyState, KeysWanted
from keyhouse.services.actor import Reach
from keyhouse.services.catalog import find_api
from keyhouse.services.issue.owners import owner_named
from keyhouse.services.work import Look, Work


class KeyFilter(NamedTuple):
    """Which keys are wanted; all that is given must hold.

    `name` is beginnings of words in the name, `search` also the last four
    characters of a secret, or a whole secret: so it must not come out of an
    address, which is logged on its way. `api` is an id or slug, `customer` an
    id or external id, `owner` an id or a mail address, `import_id` the import
    that brought it. Times are in µs.
    """

    name: str | None = None
    application: str | None = None
    api: str | None = None
    state: KeyState | None = None
    environment: str | None = None
    project: str | None = None
    search: str | None = None
    kind: str | None = None
    owner: str | None = None
    customer: str | None = None
    tags: tuple[str, ...] = ()
    created_since: int | None = None
    used_since: int | None = None
    unused_since: int | None = None
    never_used: bool = False
    import_id: str | None = None


def wanted_keys(at: Look | Work, reach: Reach, of: KeyFilter) -> KeysWanted | None:
    """The filter as the rows are asked by it; None where no key can fit."""
    named = (of.name, of.application, of.api, of.project, of.search, of.owner, of.customer)
    texts = [text for text in (*named, of.import_id, *of.tags) if text is not None]
    words = _words(of)
    api = None if of.api is None or not of.api.isprintable() else find_api(at, of.api)
    owner = None if of.owner is None else owner_named(at, of.owner)
    missing = (of.api is not None and (api is None or not reach.holds_api(api))) or (
        of.owner is not None and owner is None
    )
    if missing or words is None or not all(text.isprintable() for text in texts):
        return None
    return KeysWanted(
        organization_id=at.actor.organization_id,
        now_us=at.now_us,
        reach=key_reach(reach),
        project_id=of.project,
        application_id=of.application,
        api_id=None if api is None else api.id,
        environment=None if of.environment is None else Environment(of.environment),
        kind=None if of.kind is None else KeyKind(of.kind),
        state=of.state,
        owner_id=owner,
        customer_ids=None if of.customer is None else customers_named(at, of.customer),
        tags=of.tags,
        words=words,
        created_since_us=of.created_since,
        used_since_us=of.used_since,
        unused_since_us=of.unused_since,
        never_used=of.never_used,
        import_id=of.import_id,
        but_import_ids=coming_imports(at),
    )


def coming_imports(at: Look | Work) -> tuple[str, ...]:
    """The imports whose keys are there for nobody yet: few, one a project at most."""
    own = at.actor.organization_id
    found = at.tx.find(KeyImport, organization_id=own, state=UNFINISHED_IMPORTS)
    return tuple(row.id for row in found)


def key_reach(reach: Reach) -> KeyReach | None:
    """The reach as the rows are asked by it; None is the whole organization."""
    if reach.whole:
        return None
    projects, apis = tuple(sorted(reach.project_ids)), tuple(sorted(reach.api_ids))
    return KeyReach(projects, (*projects, *apis))


def customers_named(at: Look | Work, name: str) -> tuple[str, ...]:
    """The customers with that id or, in whichever project, external id."""
    home = at.actor.organization_id
    column = "id" if ids.is_id(name, ids.CUSTOMER) else "external_id"
    if not name.isprintable():
        return ()
    rows = at.tx.find(Customer, organization_id=home, **{column: name})
    return tuple(row.id for row in rows)


def _words(of: KeyFilter) -> tuple[Sought, ...] | None:
    """The words that are sought; None where a text was given that holds none."""
    found: tuple[Sought, ...] = ()
    for text, seek in ((of.name, sought_in_names), (of.search, sought_anywhere)):
        if text is None or not text.strip():
            continue
        words = seek(text)
        if words is None:
            return None
        found += words
    return found

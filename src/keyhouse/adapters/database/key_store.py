"""What the data plane reads: `ports.KeyStore`."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.host_places import HostPlace, places_on
from keyhouse.adapters.database.loading import Loading
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.pipelines import pipelined
from keyhouse.adapters.database.selects import select_all, select_where
from keyhouse.adapters.database.tables import api_host, change_head, secret
from keyhouse.core import entities
from keyhouse.core.hosts import parts_of
from keyhouse.core.imported import Candidate
from keyhouse.core.prefixes import Prefixes
from keyhouse.core.records import Found, Part, PartRef, Snapshot
from keyhouse.core.secret import ALGORITHM
from keyhouse.core.upstream_headers import Unseal
from keyhouse.ports import Held, holds_none

_SECRET = ("namespace", "algorithm", "pepper_id", "digest")
_ANY_HOST = sa.select(api_host.c.id).limit(1)


class DatabaseKeyStore:
    """`ports.KeyStore` on an engine; any number of threads.

    One call is one reading transaction, and the head of the change log is
    read in it: what is returned is exactly the state at that number. Headers
    for upstreams are left out without an `unseal`.
    """

    def __init__(self, engine: Engine, unseal: Unseal | None = None) -> None:
        self._engine = engine
        self._unseal = unseal

    def find_secret(
        self, candidates: Sequence[tuple[str, bytes]], held: Held = holds_none
    ) -> Snapshot:
        """Look up (pepper id, digest) pairs, all in one query."""
        kept = [("", ALGORITHM, *one) for one in candidates]
        seq, found, parts = self._find(kept, held)
        return Snapshot(seq, parts, found=found)

    def find_imported(
        self,
        project_id: str,
        candidates: Sequence[Candidate],
        held: Held = holds_none,
    ) -> Snapshot:
        """As `find_secret`, among the imported secrets of a project."""
        kept = [(project_id, *one) for one in candidates]
        # Of a key of an import that is not done, all that is found is nothing.
        seq, found, parts = self._find(kept, held)
        if found is None or parts[PartRef("key", found.key_id)] is None:
            return Snapshot(seq)
        return Snapshot(seq, parts, found=found)

    def _find(
        self, kept: Sequence[tuple[object, ...]], held: Held
    ) -> tuple[int, Found | None, Mapping[PartRef, Part | None]]:
        """The secret that is kept as one of these, and what it leads to."""
        with reading(self._engine) as connection, pipelined(connection) as at_once:
            head = select_all(change_head, connection.dialect)
            # Sent together with the next, where that can be.
            asked = head.ask(connection, ())
            found = _find(connection, kept) if kept else None
            seq = int(head.told(connection, asked)[0][0])
            loading = Loading(
                connection, self._unseal, lambda ref: held(ref, seq), at_once=at_once
            )
            # The key and what is its caller's are read anew: a secret that is
            # new may be one of a key that is held as it was before.
            if found is not None:
                loading.load_key(found.key_id)
        return seq, found, loading.parts

    def find_api(self, slug: str) -> Snapshot:
        """The API with that slug, with its project and organization."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            loading = Loading(connection, self._unseal)
            rows = loading.rows(entities.Api, "slug", [slug])
            id = rows[0].id if rows else None
            loading.load_api(id)
        return Snapshot(seq, loading.parts, api_id=id)

    def find_host(self, host: str) -> Snapshot:
        """The API that a host leads to, or the prefixes below it."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            places = places_on(connection, host)
            if any(place.id != place.host_id for place in places):
                return Snapshot(seq, prefixes=_prefixes(places))
            loading = Loading(connection, self._unseal)
            id = places[0].api_id if places else None
            loading.load_api(id)
        return Snapshot(seq, loading.parts, api_id=id)

    def has_hosts(self) -> bool:
        """Whether any API has a host at all."""
        with reading(self._engine) as connection:
            return connection.execute(_ANY_HOST).first() is not None

    def load(self, refs: Iterable[PartRef]) -> Snapshot:
        """Exactly these parts, None for those that do not exist."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            loading = Loading(connection, self._unseal)
            loading.load(refs)
        return Snapshot(seq, loading.parts)


def _seq(connection: Connection) -> int:
    rows = select_all(change_head, connection.dialect).all(connection, ())
    return int(rows[0][0])


def _prefixes(places: Sequence[HostPlace]) -> Prefixes:
    slugs = ((parts_of(place.id)[1], place.slug) for place in places)
    return Prefixes(places[0].host_id, slugs)


def _find(connection: Connection, kept: Sequence[tuple[object, ...]]) -> Found | None:
    """Of several, one that is kept as a keyed hash goes first.

    Minted secrets live in the namespace '', and digests do not collide; that
    of imported ones is their project, so that tenants who import the same
    string do not meet.
    """
    values = [value for one in kept for value in one]
    query = select_where(secret, _SECRET, len(kept), connection.dialect)
    rows = [mapper_of(entities.SecretRow).row(row) for row in query.all(connection, values)]
    if not rows:
        return None
    first = min(rows, key=lambda row: (row.algorithm != ALGORITHM, row.id))
    return Found(first.key_id, first.id, first.algorithm != ALGORITHM)

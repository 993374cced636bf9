"""What the data plane reads: `ports.KeyStore`."""

from collections.abc import Iterable, Sequence

from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.loading import Loading
from keyhouse.adapters.database.mapper import mapper_of
from keyhouse.adapters.database.selects import select_all, select_where
from keyhouse.adapters.database.tables import change_head, secret
from keyhouse.core import entities
from keyhouse.core.records import Found, PartRef, Snapshot
from keyhouse.core.secret import ALGORITHM

_SECRET = ("namespace", "algorithm", "pepper_id", "digest")


class DatabaseKeyStore:
    """`ports.KeyStore` on an engine; any number of threads.

    One call is one reading transaction, and the head of the change log is
    read in it: what is returned is exactly the state at that number.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_secret(self, candidates: Sequence[tuple[str, bytes]]) -> Snapshot:
        """Look up (pepper id, digest) pairs, all in one query."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            found = _find(connection, candidates) if candidates else None
            loading = Loading(connection)
            if found is not None:
                loading.load_key(found.key_id)
        return Snapshot(seq, loading.parts, found=found)

    def find_api(self, slug: str) -> Snapshot:
        """The API with that slug, with its project and organization."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            loading = Loading(connection)
            rows = loading.rows(entities.Api, "slug", [slug])
            id = rows[0].id if rows else None
            if id is not None:
                ref = PartRef("api", id)
                loading.load([ref])
                loading.load_owners([ref])
        return Snapshot(seq, loading.parts, api_id=id)

    def load(self, refs: Iterable[PartRef]) -> Snapshot:
        """Exactly these parts, None for those that do not exist."""
        with reading(self._engine) as connection:
            seq = _seq(connection)
            loading = Loading(connection)
            loading.load(refs)
        return Snapshot(seq, loading.parts)


def _seq(connection: Connection) -> int:
    rows = select_all(change_head, connection.dialect).all(connection, ())
    return int(rows[0][0])


def _find(connection: Connection, candidates: Sequence[tuple[str, bytes]]) -> Found | None:
    """Minted secrets live in the namespace ''; digests do not collide."""
    values = [
        value
        for pepper_id, digest in candidates
        for value in ("", ALGORITHM, pepper_id, digest)
    ]
    query = select_where(secret, _SECRET, len(candidates), connection.dialect)
    for row in query.all(connection, values):
        found = mapper_of(entities.SecretRow).row(row)
        return Found(found.key_id, found.id)
    return None

"""What the data plane reads: `ports.KeyStore`."""

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from keyhouse.adapters.database.engine import reading
from keyhouse.adapters.database.loading import Loading
from keyhouse.adapters.database.tables import api, change_head, secret
from keyhouse.core.records import Found, PartRef, Snapshot
from keyhouse.core.secret import ALGORITHM

_HEAD = sa.select(change_head.c.n)
_API = sa.select(api.c.id).where(api.c.slug == sa.bindparam("slug"))


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
            id = connection.execute(_API, {"slug": slug}).scalar()
            loading = Loading(connection)
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
    return int(connection.execute(_HEAD).scalar_one())


def _find(connection: Connection, candidates: Sequence[tuple[str, bytes]]) -> Found | None:
    """Minted secrets live in the namespace ''; digests do not collide."""
    pairs = [
        sa.and_(secret.c.pepper_id == pepper_id, secret.c.digest == digest)
        for pepper_id, digest in candidates
    ]
    query = sa.select(secret.c.key_id, secret.c.id).where(
        secret.c.namespace == "", secret.c.algorithm == ALGORITHM, sa.or_(*pairs)
    )
    row = connection.execute(query).first()
    return None if row is None else Found(row[0], row[1])

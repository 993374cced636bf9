"""A guard that cannot begin leaves nothing behind."""

import pytest
import sqlalchemy as sa

from keyhouse import Keyhouse
from tests.doors.guard.installation import Installation


async def test_a_program_that_tries_again_and_again_leaves_no_spools(
    installation: Installation,
) -> None:
    """Each takes 64 MiB of the disk."""
    refuse = "BEGIN SELECT RAISE(ABORT, 'no spools today'); END"
    with installation.database.engine.begin() as connection:
        connection.execute(
            sa.text(f"CREATE TRIGGER refuse BEFORE INSERT ON spool {refuse}")
        )
    kh = Keyhouse.from_env(installation.environ)
    for _ in range(2):
        with pytest.raises(sa.exc.IntegrityError, match="no spools today"):
            await kh.running().__aenter__()
    assert list(installation.folder.rglob("*.spool")) == []

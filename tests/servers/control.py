"""The control plane's services on a migrated SQLite file, as fixtures."""

import shutil
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import pytest

from keyhouse.adapters.database import Database, open_database, upgrade
from keyhouse.adapters.sealing import AeadSealer
from keyhouse.adapters.system import SystemClock, SystemEntropy
from keyhouse.core.keyring import Keyring, KeyringState, Pepper, SealingKey, SigningKey
from keyhouse.services.placing import Placing
from keyhouse.services.work import Office

PEPPER = Pepper("pep_test", KeyringState.ACTIVE, b"p" * 32)
KEYRING = Keyring(
    (PEPPER,),
    (SealingKey("seal_test", KeyringState.ACTIVE, b"s" * 32),),
    (SigningKey("sign_test", KeyringState.ACTIVE, b"g" * 32),),
)
_ZONES = zoneinfo.available_timezones()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "keyhouse.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def database(migrated: Path, tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "keyhouse.db"
    shutil.copy(migrated, path)
    opened = open_database(f"sqlite:///{path}")
    yield opened
    opened.dispose()


@pytest.fixture
def office(database: Database) -> Office:
    return Office(
        rows=database.rows,
        reports=database.reports,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        keyring=KEYRING,
        secret_prefix="kh",
        knows_zone=_ZONES.__contains__,
        sealer=AeadSealer(KEYRING),
        placing=Placing(own_hosts=frozenset(("gateway.example",))),
    )

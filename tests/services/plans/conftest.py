from collections.abc import Iterator

import pytest

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.servers.acme import (
    Acme,
    acme,
    database,
    database_url,
    office,
    postgres,
    postgres_database,
    sqlite_template,
)
from tests.services.plans.market import Market

__all__ = [
    "Market",
    "acme",
    "database",
    "database_url",
    "office",
    "postgres",
    "postgres_database",
    "sqlite_template",
]


@pytest.fixture
def market(acme: Acme, office: Office, database: Database) -> Iterator[Market]:
    """Acme, which sells, and Globex, which buys."""
    made = Market(acme, Acme(office, database, "buyer@example.com"))
    yield made
    made.close()

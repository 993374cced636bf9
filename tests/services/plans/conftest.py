from collections.abc import Iterator

import pytest

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.servers.acme import Acme
from tests.services.plans.market import Market


@pytest.fixture
def market(acme: Acme, office: Office, database: Database) -> Iterator[Market]:
    """Acme, which sells, and Globex, which buys."""
    made = Market(acme, Acme(office, database, "buyer@example.com"))
    yield made
    made.close()

"""Statements sent without waiting for the answer to the one before.

PostgreSQL takes as many as there are in one turn of the network, which on the
way of a cold key costs more than all that it does. SQLite has no network.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection

from keyhouse.ports import StoreUnavailable


@contextmanager
def pipelined(connection: Connection) -> Generator[bool]:
    """Whether what is asked by `Select.ask` inside is sent together.

    A reading transaction ends with it. Raises StoreUnavailable where the
    driver fails.
    """
    if connection.dialect.name != "postgresql":
        yield False
        return
    driver: Any = connection.connection.dbapi_connection
    try:
        with driver.pipeline():
            yield True
            # Sent with the last of it, and what SQLAlchemy ends then is no more.
            driver.commit()
    except connection.dialect.loaded_dbapi.Error as error:
        raise StoreUnavailable(str(error)) from error

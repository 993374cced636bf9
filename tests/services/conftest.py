"""What services are tested with: Acme on each kind of database.

A folder whose tests are about less has fixtures of the same names of its own.
"""

from tests.servers.acme import (
    acme,
    database,
    database_url,
    office,
    postgres,
    postgres_database,
    sqlite_template,
)

__all__ = [
    "acme",
    "database",
    "database_url",
    "office",
    "postgres",
    "postgres_database",
    "sqlite_template",
]

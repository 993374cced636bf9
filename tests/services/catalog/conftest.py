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

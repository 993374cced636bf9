from tests.servers.acme import (
    database,
    database_url,
    office,
    postgres,
    postgres_database,
    sqlite_template,
)

__all__ = [
    "database",
    "database_url",
    "office",
    "postgres",
    "postgres_database",
    "sqlite_template",
]

from tests.contracts.conftest import (
    database,
    database_url,
    postgres,
    postgres_database,
    sqlite_template,
)

__all__ = [
    "database",
    "database_url",
    "postgres",
    "postgres_database",
    "sqlite_template",
]

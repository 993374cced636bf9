from tests.services.webhooks.conftest import (
    database,
    database_url,
    post,
    postgres,
    postgres_database,
    sqlite_template,
)

__all__ = [
    "database",
    "database_url",
    "post",
    "postgres",
    "postgres_database",
    "sqlite_template",
]

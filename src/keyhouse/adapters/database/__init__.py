"""The records, on SQLite or PostgreSQL: one code for both, through SQLAlchemy Core."""

from keyhouse.adapters.database.database import Database, open_database
from keyhouse.adapters.database.schema import SchemaError, check, upgrade

__all__ = ["Database", "SchemaError", "check", "open_database", "upgrade"]

from tests.servers.control import database, migrated, office

__all__ = ["database", "migrated", "office"]

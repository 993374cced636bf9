"""The audit: who did what. Rows are written by the commands themselves."""

from keyhouse.services.audit.queries import READ, list_audit

__all__ = ["READ", "list_audit"]

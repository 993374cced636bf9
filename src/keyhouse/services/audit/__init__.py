"""The audit: who did what. Rows are written by the commands themselves."""

from keyhouse.services.audit.queries import READ, Stretch, export_audit, list_audit

__all__ = ["READ", "Stretch", "export_audit", "list_audit"]

"""Backup and restore: the whole installation in one file, and back."""

from keyhouse.services.backup.manifest import FORMAT, KEYRING_PART, Manifest
from keyhouse.services.backup.restoring import (
    CannotRestore,
    Checked,
    check_backup,
    demand_keys,
    fill,
)
from keyhouse.services.backup.writing import Progress, write_backup

__all__ = [
    "FORMAT",
    "KEYRING_PART",
    "CannotRestore",
    "Checked",
    "Manifest",
    "Progress",
    "check_backup",
    "demand_keys",
    "fill",
    "write_backup",
]

"""What a backup says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from keyhouse.ports import DamagedBackup

FORMAT: Final = 1
"""Another number means that older versions cannot read the file."""
KEYRING_PART: Final = "keyring.json"
_TABLE: Final = "tables/{}.jsonl"
WITHOUT_USAGE: Final = "usage"


def part_of(table: str) -> str:
    """The name of the part that holds a table."""
    return _TABLE.format(table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Made by which version when, the schema's revision, the last change in it,

    and how many rows each table has.
    """

    format: int
    version: str
    made_at: str
    revision: str
    head: int
    usage: bool
    rows: Mapping[str, int]

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "format": self.format,
            "version": self.version,
            "made_at": self.made_at,
            "revision": self.revision,
            "head": self.head,
            "usage": self.usage,
            "rows": dict(self.rows),
        }


def read_manifest(told: Mapping[str, Any]) -> Manifest:
    """The manifest of a file. Raises DamagedBackup for one that holds anything else."""
    if told.get("format") != FORMAT:
        raise DamagedBackup(f"its format is not {FORMAT}; another Keyhouse made it")
    kinds = (("version", str), ("made_at", str), ("revision", str), ("head", int))
    rows = told.get("rows")
    whole = (
        all(isinstance(told.get(name), kind) for name, kind in kinds)
        and isinstance(told.get("usage"), bool)
        and isinstance(rows, dict)
        and all(isinstance(count, int) for count in rows.values())
    )
    if not whole:
        raise DamagedBackup("its manifest is damaged")
    names = ("format", "version", "made_at", "revision", "head", "usage", "rows")
    return Manifest(**{name: told[name] for name in names})

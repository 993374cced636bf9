"""Files of keys from other systems: taken apart, read and checked; no I/O."""

from keyhouse.core.imports.files import (
    PART_CHARS_MAX,
    PART_ROWS_MAX,
    ROW_CHARS_MAX,
    FilePart,
    RawRow,
    Unreadable,
    parts_of,
    rows_of_part,
)
from keyhouse.core.imports.rows import ImportRow, read_row

__all__ = [
    "PART_CHARS_MAX",
    "PART_ROWS_MAX",
    "ROW_CHARS_MAX",
    "FilePart",
    "ImportRow",
    "RawRow",
    "Unreadable",
    "parts_of",
    "read_row",
    "rows_of_part",
]

"""Keys of other systems: brought in by parts, seen when all is there, or undone."""

from keyhouse.services.imports.at_once import import_at_once
from keyhouse.services.imports.commands import (
    ImportWish,
    cancel_import,
    create_import,
    finish_import,
)
from keyhouse.services.imports.parts import Part, add_part, read_part
from keyhouse.services.imports.queries import (
    READ,
    WRITE,
    format_of,
    get_import,
    list_imports,
)
from keyhouse.services.imports.undoing import tidy_imports

__all__ = [
    "READ",
    "WRITE",
    "ImportWish",
    "Part",
    "add_part",
    "cancel_import",
    "create_import",
    "finish_import",
    "format_of",
    "get_import",
    "import_at_once",
    "list_imports",
    "read_part",
    "tidy_imports",
]

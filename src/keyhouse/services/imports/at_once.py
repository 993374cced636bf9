"""A file that is one part: begun and ended in one transaction."""

from keyhouse.core.entities import KeyImport
from keyhouse.services.imports.commands import ImportWish, create_import, finish_import
from keyhouse.services.imports.parts import Part, add_part
from keyhouse.services.work import Work


def import_at_once(work: Work, wish: ImportWish, part: Part) -> KeyImport:
    """Import a small file. Raises as beginning, its one part and finishing do."""
    row = create_import(work, wish)
    add_part(work, row.id, part)
    return finish_import(work, row.id)

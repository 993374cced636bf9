"""Files to import, and an import from its beginning to its end."""

import hashlib
from collections.abc import Sequence
from functools import partial
from itertools import count

from keyhouse.core.entities import ImportAccess, ImportFormat, KeyImport
from keyhouse.core.imports import parts_of
from keyhouse.services import imports
from keyhouse.services.imports import ImportWish, Part
from keyhouse.services.jobs import Claim, Holding
from keyhouse.services.work import Work
from tests.servers.acme import Acme

WEATHER = (ImportAccess(api="weather", scopes=("forecast:read",)),)
SCOPES = ("forecast:read", "alerts:read")
_names = count()


def string(number: int) -> str:
    """A string as another system makes them."""
    return f"old.{hashlib.sha256(str(number).encode()).hexdigest()[:36]}"


def csv_of(numbers: Sequence[int]) -> str:
    return "name,secret\n" + "".join(f"Caller {n},{string(n)}\n" for n in numbers)


def hashes_of(numbers: Sequence[int], algorithm: str = "sha256") -> str:
    rows = (
        f"Caller {n},{hashlib.new(algorithm, string(n).encode()).hexdigest()},{algorithm}\n"
        for n in numbers
    )
    return "name,hash,algorithm\n" + "".join(rows)


def begin(acme: Acme, text: str, rows_max: int = 500, **wish: object) -> KeyImport:
    """All parts of a file, and no end yet."""
    form = ImportFormat(str(wish.pop("format", "csv")))
    given = ImportWish(format=form, **{"access": WEATHER, **wish})  # type: ignore[arg-type] # a test's
    row = acme.write(lambda work: imports.create_import(work, given))
    zones, id = acme.office.knows_zone, row.id
    lines = text.splitlines(keepends=True)
    for number, part in enumerate(parts_of(form, lines, rows_max), 1):
        read = imports.read_part(form, number, part.text, part.line, zones)
        row = acme.write(partial(_added, id, read))
    return row


def _added(id: str, part: Part, work: Work) -> KeyImport:
    return imports.add_part(work, id, part)


def bring(acme: Acme, text: str, rows_max: int = 500, **wish: object) -> KeyImport:
    """A whole import."""
    row = begin(acme, text, rows_max, **wish)
    return acme.write(lambda work: imports.finish_import(work, row.id))


def claimed(acme: Acme) -> Claim:
    """The worker's hold on a job of its own."""
    name = f"chores {next(_names)}"
    holding = Holding(acme.office.rows, acme.clock, name, "nod_test")
    claim = holding.claim(lambda: False)
    assert claim is not None
    return claim


def tidied(acme: Acme, row: KeyImport) -> KeyImport:
    """The import after the worker came by."""
    imports.tidy_imports(acme.office, claimed(acme))
    return acme.read(lambda look: imports.get_import(look, row.id))

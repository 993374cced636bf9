"""The form of an import: a small file, and what holds for all of its rows."""

from typing import Final, NamedTuple

from starlette.datastructures import FormData, UploadFile

from keyhouse.core.entities import Environment, ImportAccess, ImportFormat, ImportMode
from keyhouse.core.validation import Problem
from keyhouse.doors.console.keys.typed import Typed
from keyhouse.doors.console.keys.wish_form import read_access
from keyhouse.services.imports import ImportWish
from keyhouse.services.refusals import Invalid

FILE_BYTES_MAX: Final = 900_000
"""Below what the console takes of any form, so that a large file is told what to do."""
FORMATS: Final = (
    (ImportFormat.AWS.value, "AWS API Gateway", "The CSV that AWS imports and exports."),
    (ImportFormat.CSV.value, "CSV", "With name and secret, or name and hash."),
    (ImportFormat.JSON.value, "JSON", "An array of objects, or an object a line."),
)
MODES: Final = (
    (
        ImportMode.DRY_RUN.value,
        "Try it only",
        "Tells what would come of it, keeps nothing.",
    ),
    (ImportMode.LENIENT.value, "Import", "Rows with faults are left out, and told."),
    (ImportMode.STRICT.value, "Import all or nothing", "Any row with a fault undoes it."),
)


class Form(NamedTuple):
    """What was typed. The file's `text` holds secrets: no page shows it again."""

    typed: Typed
    text: str

    def __repr__(self) -> str:
        return f"Form({self.typed!r})"


def usual_form(environment: str) -> Typed:
    """The form as it opens."""
    mode, form = ImportMode.DRY_RUN.value, ImportFormat.AWS.value
    usual = {"format": (form,), "mode": (mode,), "environment": (environment,)}
    return Typed(usual)


async def sent_form(form: FormData) -> Form:
    """The form that was sent. Raises Invalid for a file that is too large or no text."""
    pairs = [(name, value) for name, value in form.multi_items() if name != "text"]
    return Form(Typed.of(pairs), await _text(form))


def wish_of(typed: Typed, project: str) -> ImportWish:
    """The import that is asked for. Raises Invalid for a choice that there is not."""
    try:
        form = ImportFormat(typed.text("format"))
        mode = ImportMode(typed.text("mode"))
        environment = Environment(typed.text("environment"))
    except ValueError:
        mend = "choose the format, what to do, and live or test"
        raise Invalid([Problem("format", "is none of these", mend)]) from None
    return ImportWish(
        format=form,
        access=tuple(
            ImportAccess(api=one.name, scopes=one.scopes, roles=one.roles)
            for one in read_access(typed)
        ),
        environment=environment,
        application=typed.text("application") or None,
        project=project,
        mode=mode,
    )


async def _text(form: FormData) -> str:
    """The chosen file, else what was pasted."""
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        pasted = str(form.get("text", ""))
        if not pasted.strip():
            mend = "choose a file, or paste its rows"
            raise Invalid([Problem("file", "is needed", mend)])
        return pasted
    raw = await file.read(FILE_BYTES_MAX + 1)
    if len(raw) > FILE_BYTES_MAX:
        mend = "import it with keyhouse keys import, which sends it in parts"
        raise Invalid([Problem("file", "is larger than 900 kB", mend)])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid([Problem("file", "is no UTF-8", "save it as UTF-8")]) from None

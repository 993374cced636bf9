"""Imports as requests ask for them and answers tell them."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.core.entities import (
    Environment,
    ImportAccess,
    ImportFormat,
    ImportMode,
    ImportProblem,
    KeyImport,
)
from keyhouse.doors.api.models import (
    ApplicationGiven,
    ApplicationNamed,
    Body,
    ListQuery,
    Word,
)
from keyhouse.doors.api.times import ToldTime, format_optional, format_time
from keyhouse.services.imports import ImportWish
from keyhouse.services.issue import ApplicationWish

_ID: Final = "06TbZQ2dGmM8vXk1cPqRst"
_AT: Final = "2026-01-01T00:00:00Z"
_ACCESS: Final[dict[str, JsonValue]] = {
    "api": "weather",
    "scopes": ["forecast:read"],
    "roles": [],
}


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class ImportAccessBody(Body):
    """What keys open whose row says nothing else: an API, by id or slug."""

    api: str
    scopes: list[str] = Field(default_factory=list)
    roles: list[str] = Field(default_factory=list)
    model_config = _example(**_ACCESS)


class ImportBody(Body):
    """A new import. With `text`, a whole file of up to 500 rows, it is done at once."""

    format: Literal["aws", "csv", "json"]
    access: list[ImportAccessBody] = Field(
        default_factory=list, description="For rows that name none; needed with aws."
    )
    environment: Literal["live", "test"] = "live"
    application: ApplicationGiven | None = Field(
        None, description="For rows that name none."
    )
    project: str | None = None
    fail_on_warnings: bool = Field(False, description="Any row with a fault undoes it all.")
    dry_run: bool = Field(False, description="Tell what would come of it, and undo it.")
    text: str | None = Field(None, repr=False)
    model_config = _example(
        format="csv",
        access=[_ACCESS],
        text="name,secret\nRoute planner,9f8e7d6c5b4a39281706f5e4d3c2b1a0\n",
    )


class PartBody(Body):
    """The next part of an import's file; of CSV each begins with the header."""

    part: int = Field(ge=1, le=1_000_000, description="1 for the first.")
    text: str = Field(repr=False)
    line: int | None = Field(
        None,
        ge=1,
        le=1_000_000_000,
        description="The line of the file on which its rows begin, for what is told.",
    )
    model_config = _example(
        part=2,
        text="name,secret\nRoute planner,9f8e7d6c5b4a39281706f5e4d3c2b1a0\n",
        line=502,
    )


class ImportsQuery(ListQuery):
    """Which imports."""

    project: Word | None = None


class ImportProblemOut(BaseModel):
    """What is wrong with a line. `skipped`: it became no key, else one without that."""

    line: int
    field: str
    reason: str
    mend: str
    skipped: bool
    model_config = _example(
        line=7,
        field="secret",
        reason="is imported already",
        mend="leave the row out",
        skipped=True,
    )


class ImportOut(BaseModel):
    """An import. Its keys are there for nobody before its `state` is `done`.

    `lessened` keys are among the `imported`. Of the problems the first are told.
    """

    id: str
    project: str
    state: Literal["open", "done", "undoing", "undone"]
    ended: Literal["warnings", "dry_run", "cancelled", "abandoned"] | None
    format: Literal["aws", "csv", "json"]
    environment: Literal["live", "test"]
    application: str | None
    access: list[dict[str, Any]]
    fail_on_warnings: bool
    dry_run: bool
    parts: int
    rows: int
    imported: int
    skipped: int
    lessened: int
    problems: list[ImportProblemOut]
    problems_count: int
    created_by: str
    created_at: ToldTime
    updated_at: ToldTime
    finished_at: ToldTime | None
    model_config = _example(
        id=f"imp_{_ID}",
        project=f"prj_{_ID}",
        state="open",
        ended=None,
        format="csv",
        environment="live",
        application=None,
        access=[_ACCESS],
        fail_on_warnings=False,
        dry_run=False,
        parts=2,
        rows=1000,
        imported=999,
        skipped=1,
        lessened=0,
        problems=[
            {
                "line": 7,
                "field": "secret",
                "reason": "is imported already",
                "mend": "leave the row out",
                "skipped": True,
            }
        ],
        problems_count=1,
        created_by=f"key_{_ID}",
        created_at=_AT,
        updated_at=_AT,
        finished_at=None,
    )


def import_wish(body: ImportBody) -> ImportWish:
    """The import that a request asks for."""
    named = body.application
    application: str | ApplicationWish | None
    if isinstance(named, ApplicationNamed):
        application = ApplicationWish(named.name, named.external_id)
    else:
        application = named
    mode = ImportMode.STRICT if body.fail_on_warnings else ImportMode.LENIENT
    return ImportWish(
        format=ImportFormat(body.format),
        access=tuple(
            ImportAccess(api=one.api, scopes=tuple(one.scopes), roles=tuple(one.roles))
            for one in body.access
        ),
        environment=Environment(body.environment),
        application=application,
        project=body.project,
        mode=ImportMode.DRY_RUN if body.dry_run else mode,
    )


def import_out(row: KeyImport) -> ImportOut:
    """An import, told."""
    return ImportOut(
        id=row.id,
        project=row.project_id,
        state=row.state.value,
        ended=None if row.ended is None else row.ended.value,
        format=row.format.value,
        environment=row.environment.value,
        application=row.application_id,
        access=[
            {"api": one.api, "scopes": list(one.scopes), "roles": list(one.roles)}
            for one in row.access
        ],
        fail_on_warnings=row.mode is ImportMode.STRICT,
        dry_run=row.mode is ImportMode.DRY_RUN,
        parts=row.parts,
        rows=row.rows,
        imported=row.imported,
        skipped=row.skipped,
        lessened=row.lessened,
        problems=[_problem_out(one) for one in row.problems],
        problems_count=row.problems_count,
        created_by=row.created_by,
        created_at=format_time(row.created_at),
        updated_at=format_time(row.updated_at),
        finished_at=format_optional(row.finished_at),
    )


def _problem_out(problem: ImportProblem) -> ImportProblemOut:
    return ImportProblemOut(
        line=problem.line,
        field=problem.field,
        reason=problem.reason,
        mend=problem.mend,
        skipped=problem.effect.value == "skipped",
    )

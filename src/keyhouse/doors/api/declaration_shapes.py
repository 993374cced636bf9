"""What requests and answers of `/v1/export` and `/v1/apply` hold."""

from dataclasses import asdict
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.doors.api.models import Query, Word
from keyhouse.services.declare import SECTIONS, Applied, NewSecret, report_counts

_API: Final[dict[str, JsonValue]] = {
    "slug": "weather",
    "project": "Weather",
    "upstreams": {"test": "http://127.0.0.1:3000"},
    "scopes": ["forecast:read"],
}
_KEY: Final[dict[str, JsonValue]] = {
    "name": "ci",
    "project": "Weather",
    "application": "Route planner",
    "access": [{"api": "weather", "scopes": ["forecast:read"]}],
}
EXAMPLE: Final[dict[str, JsonValue]] = {"keyhouse": 1, "apis": [_API], "keys": [_KEY]}
_FINGERPRINT: Final = "3f9a1c0de84b7755a6c2f1e09b8d4c31"


class DeclarationOut(BaseModel):
    """What there is, in the form in which it is applied; no secret is in it."""

    keyhouse: int = Field(description="The format's version.")
    project: str | None = None
    projects: list[dict[str, Any]] | None = None
    apis: list[dict[str, Any]] | None = None
    plans: list[dict[str, Any]] | None = None
    customers: list[dict[str, Any]] | None = None
    applications: list[dict[str, Any]] | None = None
    subscriptions: list[dict[str, Any]] | None = None
    keys: list[dict[str, Any]] | None = None
    webhooks: list[dict[str, Any]] | None = None
    model_config = ConfigDict(
        extra="allow", json_schema_extra={"examples": [dict(EXAMPLE)]}
    )


class DeclarationBody(BaseModel):
    """What is to be: a document as the export tells it.

    Its fields are checked by their places, so their shapes are not told here:
    the reference has them.
    """

    keyhouse: Any = Field(None, description="The format's version: 1.")
    model_config = ConfigDict(
        extra="allow", json_schema_extra={"examples": [dict(EXAMPLE)]}
    )


class FieldChangeOut(BaseModel):
    """A field as it is, and as it shall be."""

    field: str
    before: JsonValue
    after: JsonValue


class StepOut(BaseModel):
    """A step of a plan; `place` is null for what the document leaves out."""

    action: Literal["create", "change", "disable", "remove"]
    kind: str
    name: str
    place: str | None
    id: str | None
    fields: list[FieldChangeOut]


class MissingValueOut(BaseModel):
    """A header for an upstream that has no value here yet."""

    api: str
    header: str


class ProblemOut(BaseModel):
    """Why a part of a long plan was not done."""

    field: str
    reason: str
    mend: str


class NewSecretOut(BaseModel):
    """A key that was made and its secret, or a webhook and what signs its events."""

    kind: Literal["key", "webhook"]
    id: str
    name: str
    secret: str


class AppliedOut(BaseModel):
    """A plan, and how far it was done."""

    dry_run: bool
    complete: bool = Field(description="Whether all is as the document says now.")
    plan: str = Field(description="The plan's fingerprint.")
    steps: list[StepOut]
    steps_done: int
    created: int
    changed: int
    disabled: int
    removed: int
    unchanged: int
    values_missing: list[MissingValueOut]
    errors: list[ProblemOut]
    secrets: list[NewSecretOut] | None = Field(description="Told this one time.")
    secrets_already_shown: bool
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "dry_run": True,
                    "complete": False,
                    "plan": _FINGERPRINT,
                    "steps": [
                        {
                            "action": "change",
                            "kind": "api",
                            "name": "weather",
                            "place": "apis[0]",
                            "id": "api_06TbZQ2dGmM8vXk1cPqRst",
                            "fields": [
                                {
                                    "field": "scopes",
                                    "before": [],
                                    "after": ["forecast:read"],
                                }
                            ],
                        }
                    ],
                    "steps_done": 0,
                    "created": 0,
                    "changed": 1,
                    "disabled": 0,
                    "removed": 0,
                    "unchanged": 7,
                    "values_missing": [],
                    "errors": [],
                    "secrets": [],
                    "secrets_already_shown": False,
                }
            ]
        }
    )


class ExportQuery(Query):
    """What is exported."""

    project: Word | None = Field(None, description="Its id or name; else all.")
    only: Word | None = Field(
        None,
        description=f"Of {', '.join(SECTIONS)}; with commas.",
    )


class ApplyQuery(Query):
    """How a document is applied."""

    dry_run: bool = Field(False, description="Tell the plan, and do nothing.")
    prune: bool = Field(
        False, description="Take away what the document's sections leave out."
    )
    plan: Word | None = Field(
        None, description="The plan that was looked at; 409 where it is another now."
    )


def applied_out(applied: Applied) -> dict[str, Any]:
    """A plan and how far it was done, told; its secrets are added apart."""
    plan = applied.plan
    steps = [
        StepOut(
            action=step.action.value,
            kind=step.kind.one,
            name=step.name,
            place=step.place or None,
            id=step.id,
            fields=[FieldChangeOut(**change._asdict()) for change in step.fields],
        )
        for step in plan.steps
    ]
    told = AppliedOut(
        dry_run=applied.dry_run,
        complete=applied.is_complete,
        plan=plan.fingerprint,
        steps=steps,
        steps_done=applied.done,
        values_missing=[MissingValueOut(**one._asdict()) for one in plan.missing],
        errors=[ProblemOut(**problem._asdict()) for problem in applied.problems],
        secrets=None,
        secrets_already_shown=True,
        **report_counts(plan),
    )
    return told.model_dump(mode="json")


def with_secrets(told: dict[str, Any], secrets: list[NewSecret]) -> dict[str, Any]:
    """The answer with the secrets in it: for the one who asked, and not remembered."""
    shown = [asdict(secret) for secret in secrets]
    return {**told, "secrets": shown, "secrets_already_shown": False}

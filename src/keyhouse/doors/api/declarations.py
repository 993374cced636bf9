"""`/v1/export` and `/v1/apply`: things as a file says."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse

from keyhouse.doors.api.calls import AnyCall, PostCall, operation
from keyhouse.doors.api.declaration_shapes import (
    EXAMPLE,
    AppliedOut,
    ApplyQuery,
    DeclarationBody,
    DeclarationOut,
    ExportQuery,
    applied_out,
    with_secrets,
)
from keyhouse.services import declare, tenants

router = APIRouter(tags=["Declarations"])
_YAML: Final = "application/yaml"
_JSON: Final = "application/json"
_AS_YAML: Final[dict[str, Any]] = {
    _YAML: {"schema": {"$ref": "#/components/schemas/DeclarationOut"}, "example": EXAMPLE}
}


@operation(
    router,
    "GET",
    "/v1/export",
    id="export_declaration",
    scope=tenants.READ_PROJECTS,
    answer=DeclarationOut,
    also=_AS_YAML,
)
def export_declaration(
    call: AnyCall,
    query: Annotated[ExportQuery, Query()],
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """What there is, without any secret, as YAML; as JSON where that is accepted.

    Needs the scope to read each section as well, for the project or for the
    whole organization. It is read while it is sent.
    """
    office, actor, _ = call.means()
    only = tuple(one.strip() for one in (query.only or "").split(",") if one.strip())
    wish = declare.Export(query.project, only)
    if _wants_json(accept):
        return StreamingResponse(declare.export_json(office, actor, wish), media_type=_JSON)
    return StreamingResponse(declare.export_yaml(office, actor, wish), media_type=_YAML)


@operation(
    router,
    "POST",
    "/v1/apply",
    id="apply_declaration",
    scope=tenants.READ_PROJECTS,
    answer=AppliedOut,
)
def apply_declaration(
    call: PostCall, body: DeclarationBody, query: Annotated[ApplyQuery, Query()]
) -> Response:
    """Have things be as a document says, each by the operation that is for it.

    Needs the scopes to read and to write what the document's sections hold as well.
    With `dry_run` the plan is told and tried, and nothing is written; its
    `plan` sent with the second call has that plan done and no other. A plan of
    up to 200 steps is done whole or not at all. The secrets of new keys and webhooks are in
    this answer and in no other.
    """
    office, actor, once = call.means()
    document = body.model_dump(exclude_unset=True)
    wish = declare.Wish(query.prune, query.plan)
    if query.dry_run:
        applied = declare.rehearse(office, actor, document, wish)
        return JSONResponse(with_secrets(applied_out(applied), []))
    outcome = declare.apply(office, actor, document, wish, applied_out, once)
    secrets = declare.secrets_of(outcome)
    answer = outcome.answer
    if secrets is not None:
        answer = with_secrets(answer, secrets)
    return JSONResponse(answer, outcome.status, headers=call.told_seq(outcome.seq))


def _wants_json(accept: str) -> bool:
    """Whether JSON is named before YAML; weights are not looked at."""
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    known = [one for one in named if one in (_JSON, _YAML)]
    return known[:1] == [_JSON]

"""`/live`, `/ready` and `/openapi.json`: for anyone, without a key."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from keyhouse.core.entities import Organization

router = APIRouter(tags=["Health"])


class StateOut(BaseModel):
    """That it is so."""

    status: str
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})


_TOLD: dict[int | str, dict[str, Any]] = {200: {"model": StateOut}}


@router.get("/live", operation_id="live", response_model=None, responses=_TOLD)
async def live() -> Response:
    """Whether the process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/ready", operation_id="ready", response_model=None, responses=_TOLD)
def ready(request: Request) -> Response:
    """Whether it can work: 503 while the database cannot be reached."""
    with request.app.state.office.rows.reading() as tx:
        tx.page(Organization, after=None, limit=1)
    return JSONResponse({"status": "ok"})

"""`/v1/changes/{seq}`: whether a change is in force everywhere, now or soon."""

import asyncio
from collections import Counter
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from keyhouse.doors.api.calls import AnyCall, Call, operation
from keyhouse.doors.api.times import ToldTime, format_optional, format_time
from keyhouse.ports import NodeRegistry
from keyhouse.services.changes import NODES_TOLD_MAX, InForce, Waited, in_force

WAIT_SECONDS_MAX: Final = 30
WAITERS_MAX: Final = 64
OF_ONE_MAX: Final = 8
"""How many may wait here, and how many of one organization."""
_LOOK_SECONDS: Final = 0.02
_LOOK_SECONDS_MAX: Final = 0.25
_AT: Final = "2026-03-01T09:30:00Z"
_UNTIL: Final = "2026-03-01T09:35:00Z"

router = APIRouter(tags=["Changes"])


class WaitedOut(BaseModel):
    """A gateway or guard that may still answer from before the change."""

    id: str
    kind: str
    applied_seq: int
    confirmed_at: ToldTime
    stale_until: ToldTime
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "nod_06TbZQ2dGmM8vXk1cPqRst",
                    "kind": "gateway",
                    "applied_seq": 41,
                    "confirmed_at": _AT,
                    "stale_until": _UNTIL,
                }
            ]
        }
    )


class ChangeOut(BaseModel):
    """How far a change has come.

    `waiting` counts the nodes that have not told that they know of it;
    `stale_until` is when the last of them can answer from before it no more.
    `nodes` is null where anybody but the operator may have an organization.
    """

    seq: int
    in_force: bool
    made_at: ToldTime | None
    checked_at: ToldTime
    waiting: int
    stale_until: ToldTime | None
    nodes: list[WaitedOut] | None
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "seq": 42,
                    "in_force": False,
                    "made_at": _AT,
                    "checked_at": "2026-03-01T09:30:01Z",
                    "waiting": 1,
                    "stale_until": _UNTIL,
                    "nodes": [
                        {
                            "id": "nod_06TbZQ2dGmM8vXk1cPqRst",
                            "kind": "gateway",
                            "applied_seq": 41,
                            "confirmed_at": _AT,
                            "stale_until": _UNTIL,
                        }
                    ],
                }
            ]
        }
    )


class ChangeQuery(BaseModel):
    """Whether to wait."""

    model_config = ConfigDict(extra="forbid")
    wait_seconds: float = Field(
        0,
        ge=0,
        le=WAIT_SECONDS_MAX,
        description="Answer once it is in force, and after so long in any case.",
    )


class Changes:
    """Looks how far changes have come; so many may wait for one, and no more."""

    def __init__(self, nodes: NodeRegistry) -> None:
        self._nodes = nodes
        self._waiting: Counter[str] = Counter()

    async def ask(self, call: Call, seq: int, seconds: float) -> InForce:
        """How things stand, at the latest after so long. Raises NotFound."""
        found = await self._look(call, seq)
        asker = call.organization_id
        full = self._waiting.total() >= WAITERS_MAX or self._waiting[asker] >= OF_ONE_MAX
        if full or not seconds or not found.waiting:
            return found
        self._waiting[asker] += 1
        try:
            return await self._wait(call, seq, seconds)
        finally:
            self._waiting[asker] -= 1
            self._waiting = +self._waiting

    async def _wait(self, call: Call, seq: int, seconds: float) -> InForce:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        pause = _LOOK_SECONDS
        while True:
            await asyncio.sleep(max(min(pause, until - clock()), 0))
            found = await self._look(call, seq)
            if not found.waiting or clock() >= until:
                return found
            pause = min(pause * 1.2, _LOOK_SECONDS_MAX)

    async def _look(self, call: Call, seq: int) -> InForce:
        standing = await asyncio.to_thread(self._nodes.standing, seq)
        return in_force(seq, standing, call.now_us)


@operation(
    router,
    "GET",
    "/v1/changes/{seq}",
    id="get_change",
    scope=None,
    answer=ChangeOut,
    anyone=True,
)
async def get_change(
    request: Request,
    call: AnyCall,
    seq: Annotated[int, Path(ge=1, le=1 << 62, examples=[42])],
    query: Annotated[ChangeQuery, Query()],
) -> Response:
    """Whether a change is in force everywhere: no node answers from before it.

    `seq` is what `Keyhouse-Change-Seq` of a write told. Any key and any member may
    ask. With more waiting than may, the answer comes at once.
    """
    changes: Changes = request.app.state.changes
    found = await changes.ask(call, seq, query.wait_seconds)
    # Where others than the operator's people may be, nodes are not theirs to know.
    closed = request.app.state.people.admits == "closed"
    return JSONResponse(change_out(found, tells_nodes=closed).model_dump(mode="json"))


def change_out(found: InForce, *, tells_nodes: bool) -> ChangeOut:
    """How things stand, told."""
    bounds = [one.stale_until_us for one in found.waiting]
    nodes = [_waited_out(one) for one in found.waiting[:NODES_TOLD_MAX]]
    return ChangeOut(
        seq=found.seq,
        in_force=not found.waiting,
        made_at=format_optional(found.made_us or None),
        checked_at=format_time(found.now_us),
        waiting=len(found.waiting),
        stale_until=format_optional(max(bounds, default=None)),
        nodes=nodes if tells_nodes else None,
    )


def _waited_out(waited: Waited) -> WaitedOut:
    node = waited.node
    return WaitedOut(
        id=node.id,
        kind=node.kind,
        applied_seq=node.applied_seq,
        confirmed_at=format_time(node.confirmed_at),
        stale_until=format_time(waited.stale_until_us),
    )

"""`/v1/sessions`: the browsers that a person is logged in with, and who they are."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from keyhouse.doors.api.calls import operation
from keyhouse.doors.api.gate import AuthenticateSession, Visitor
from keyhouse.doors.api.people_shapes import SessionOut, session_out
from keyhouse.doors.api.problems import SessionNeeded
from keyhouse.services.people import PeopleDesk

router = APIRouter(tags=["Members"])
_sessions = partial(operation, router, scope=None)


async def _visitor(request: Request) -> Visitor:
    visitor: Visitor | None = request.state.visitor
    if visitor is None:
        raise SessionNeeded
    return visitor


_Visitor = Annotated[Visitor, Depends(_visitor)]


@_sessions("GET", "/v1/sessions", id="list_sessions", answer=SessionOut, many=True)
def list_sessions(request: Request, visitor: _Visitor) -> Response:
    """Your own sessions, the last seen first; `current` is the one that asks."""
    people: PeopleDesk = request.app.state.people
    rows = people.sessions(visitor.person_id)
    told = [session_out(row, visitor.session_id).model_dump(mode="json") for row in rows]
    return JSONResponse({"data": told, "next_cursor": None})


@_sessions("DELETE", "/v1/sessions/{id}", id="end_session", answer=None, status=204)
def end_session(request: Request, visitor: _Visitor, id: str) -> Response:
    """End one of your own sessions: its browser is logged out."""
    people: PeopleDesk = request.app.state.people
    people.end_session(visitor.person_id, id)
    return Response(status_code=204)


def by_session(people: PeopleDesk) -> AuthenticateSession:
    """How the gate learns whose session a cookie is."""

    async def authenticate(
        token: str, organization: str | None, address: str, request_id: str
    ) -> Visitor | None:
        return await asyncio.to_thread(
            _visitor_of, people, token, organization, address, request_id
        )

    return authenticate


def _visitor_of(
    people: PeopleDesk, token: str, organization: str | None, address: str, request_id: str
) -> Visitor | None:
    """With no organization named, it is the only one of the person's."""
    signed = people.session(token)
    if signed is None:
        return None
    if organization is None and len(signed.memberships) == 1:
        organization = signed.memberships[0].organization.id
    actor = people.actor(signed, organization or "", address, request_id)
    return Visitor(signed.person.id, signed.session.id, actor)

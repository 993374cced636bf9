"""One call of the API: who makes it, and how an answer is made of what it gave."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import chain
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel

from keyhouse.core.validation import Problem
from keyhouse.doors.api.models import ListQuery
from keyhouse.doors.api.problems import EchoResponse, NotMember, Stale
from keyhouse.ports import Page
from keyhouse.services.actor import Actor
from keyhouse.services.changes import noting
from keyhouse.services.idempotency import Once, Outcome, Shaped, once, repeatable
from keyhouse.services.refusals import Invalid
from keyhouse.services.work import Look, Office, Turn, Work

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

LINES: Final = "application/jsonl"
"""One JSON value a line (jsonlines.org)."""
_LINES: Final = {"type": "string", "description": "One object a line."}
CHANGE_SEQ = "Keyhouse-Change-Seq"
SCHEMES = ("managementKey", "apiKeyHeader", "keyIdAndSecret", "session")
REPEATED: Final = frozenset(("tag",))
"""Parameters of addresses that are lists: each value comes by itself."""
_UNTAGGED: Final = frozenset(("last_used_at",))
"""What moves by itself: no reason to read again before a change."""
_TAGS: Final = re.compile(r'(?:^|,)[ \t]*("[^"]*")(?=[ \t]*(?:,|$))')


class Lines(NamedTuple):
    """An answer of many rows, a line each."""

    row: type[BaseModel]


class Call:
    """A call by the holder of a management key, or by a person logged in."""

    __slots__ = ("_actor", "_if_match", "_office", "_once", "_path")

    def __init__(
        self,
        office: Office,
        actor: Actor,
        path: str,
        *,
        key: Once | None = None,
        if_match: str | None = None,
    ) -> None:
        self._office = office
        self._actor = actor
        self._path = path
        self._once = key
        self._if_match = if_match

    @property
    def organization_id(self) -> str:
        """Where the caller is at work."""
        return self._actor.organization_id

    @property
    def now_us(self) -> int:
        """The wall clock."""
        return self._office.clock.now_us()

    def one(self, ask: Callable[[Look], T], shape: Callable[[T], BaseModel]) -> Response:
        """The answer to a question for one thing, with its ETag."""
        told = _dump(shape(self._office.read(self._actor, ask)))
        return JSONResponse(told, headers={"ETag": _tag(told)})

    def told(self, ask: Callable[[Look], T], shape: Callable[[T], BaseModel]) -> Response:
        """The answer to a question about how things stand: nothing to change, no ETag."""
        return EchoResponse(_dump(shape(self._office.read(self._actor, ask))))

    def page(
        self, ask: Callable[[Look], Page], shape: Callable[[Any], BaseModel]
    ) -> Response:
        """The answer to a question for a list."""
        rows, cursor = self._office.read(self._actor, ask)
        data = [_dump(shape(row)) for row in rows]
        return JSONResponse({"data": data, "next_cursor": cursor})

    def streamed(
        self,
        ask: Callable[[Office, Actor], Iterator[Sequence[Any]]],
        shape: Callable[[Any], BaseModel],
    ) -> Response:
        """The answer to a question for everything, a line each, as it is read.

        What fails before the first part is refused as anywhere else.
        """
        parts = ask(self._office, self._actor)
        first = next(parts, ())

        def lines() -> Iterator[bytes]:
            for rows in chain((first,), parts):
                told = (json.dumps(_dump(shape(row))) for row in rows)
                yield "".join(f"{line}\n" for line in told).encode()

        return StreamingResponse(lines(), media_type=LINES)

    def read(self, ask: Callable[[Look], T]) -> T:
        """What a command is to know before it begins, in a transaction of its own."""
        return self._office.read(self._actor, ask)

    @property
    def office(self) -> Office:
        """What commands run in."""
        return self._office

    def made(self, act: Callable[[Work], T], shape: Callable[[T], BaseModel]) -> Response:
        """Make something, once: 201 and where it is."""
        outcome = self._posted(act, lambda value: Shaped(_dump(shape(value))), 201)
        return self._created(outcome, outcome.answer)

    def issued(
        self,
        act: Callable[[Work], T],
        shape: Callable[[T], BaseModel],
        secret: Callable[[T], str],
        *,
        place: str | None = None,
    ) -> Response:
        """Make something with a secret, which is told the first time only.

        `place` is what the answer's id is added to for Location.
        """

        def shaped(value: T) -> Shaped:
            hidden = {"secret": None, "secret_already_shown": True}
            return Shaped({**_dump(shape(value)), **hidden}, secret(value))

        outcome = self._posted(act, shaped, 201)
        answer = outcome.answer
        if outcome.secret is not None:
            answer = {**answer, "secret": outcome.secret, "secret_already_shown": False}
        return self._created(outcome, answer, place)

    def issued_many(
        self,
        act: Callable[[Work], Sequence[T]],
        shape: Callable[[T], BaseModel],
        secret: Callable[[T], str],
    ) -> Response:
        """As `issued`, for many at once: `{"data": [...]}`, in the order of the wishes."""

        def shaped(values: Sequence[T]) -> Shaped:
            hidden = {"secret": None, "secret_already_shown": True}
            data = [{**_dump(shape(value)), **hidden} for value in values]
            return Shaped({"data": data}, secrets=tuple(map(secret, values)))

        outcome = self._posted(act, shaped, 201)
        data = outcome.answer["data"]
        if outcome.secrets:
            told = zip(data, outcome.secrets, strict=True)
            data = [
                {**one, "secret": text, "secret_already_shown": False} for one, text in told
            ]
        return JSONResponse({"data": data}, outcome.status, headers=_seq(outcome.seq))

    def repeated(
        self,
        act: Callable[[Office, Actor], T],
        end: Callable[[Work, T], None],
        shape: Callable[[T], BaseModel],
    ) -> Response:
        """Do by POST what takes many transactions and may be done again: 200.

        `end` notes it, in the last of them. The number told is that of the last change.
        """
        noted = noting(self._office)
        outcome = repeatable(
            noted.office,
            self._actor,
            lambda: act(noted.office, self._actor),
            end,
            lambda value: Shaped(_dump(shape(value))),
            status=200,
            key=self._once,
        )
        headers = _seq(noted.rows.seq)
        return JSONResponse(outcome.answer, outcome.status, headers=headers)

    def done(self, act: Callable[[Work], T], shape: Callable[[T], BaseModel]) -> Response:
        """Do something to what there is, by POST, once: 200."""
        outcome = self._posted(act, lambda value: Shaped(_dump(shape(value))), 200)
        headers = _seq(outcome.seq)
        return JSONResponse(outcome.answer, outcome.status, headers=headers)

    def changed(
        self,
        act: Callable[[Work], T],
        shape: Callable[[T], BaseModel],
        ask: Callable[[Look], T],
    ) -> Response:
        """Change what `ask` tells: 200.

        412 where the call has an If-Match that does not fit; both happen in
        one transaction, so nobody comes between.
        """

        def checked(work: Work) -> T:
            if self._if_match is not None:
                reports = self._office.reports
                look = Look(work.tx, work.actor, work.now_us, reports, work.keyring)
                if not _fits(self._if_match, _tag(_dump(shape(ask(look))))):
                    raise Stale
            return act(work)

        value, seq = self._office.write(self._actor, checked)
        told = _dump(shape(value))
        return JSONResponse(told, headers={"ETag": _tag(told), **_seq(seq)})

    def gone(self, act: Callable[[Work], None]) -> Response:
        """Delete something: 204."""
        _, seq = self._office.write(self._actor, act)
        return Response(status_code=204, headers=_seq(seq))

    def means(self) -> tuple[Office, Actor, Once | None]:
        """For what is no single transaction: where, by whom, and how often at most."""
        return self._office, self._actor, self._once

    def told_seq(self, seq: int | None) -> dict[str, str]:
        """The header that tells a change's number, where there is one."""
        return _seq(seq)

    def _posted(
        self, act: Callable[[Work], T], shape: Callable[[T], Shaped], status: int
    ) -> Outcome:
        return once(self._office, self._actor, act, shape, status=status, key=self._once)

    def _created(
        self, outcome: Outcome, answer: dict[str, Any], place: str | None = None
    ) -> Response:
        where = f"{place or self._path}/{answer['id']}"
        headers = {"Location": where, **_seq(outcome.seq)}
        return JSONResponse(answer, outcome.status, headers=headers)


def _dump(shaped: BaseModel) -> dict[str, Any]:
    return shaped.model_dump(mode="json", exclude_unset=True)


def _tag(told: dict[str, Any]) -> str:
    """The entity tag of what is told of one thing (RFC 9110, 8.8.3)."""
    lasting = {name: value for name, value in told.items() if name not in _UNTAGGED}
    text = json.dumps(lasting, sort_keys=True)
    return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'


def _fits(if_match: str, tag: str) -> bool:
    """Whether an If-Match (RFC 9110, 13.1.1) lets `tag` be changed; weak tags never."""
    return if_match.strip() == "*" or tag in _TAGS.findall(if_match)


def _seq(seq: int | None) -> dict[str, str]:
    return {} if seq is None else {CHANGE_SEQ: str(seq)}


def turn(query: ListQuery) -> Turn:
    """Which page a query asks for."""
    return Turn(query.cursor, query.limit)


async def _call(request: Request) -> Call:
    return Call(request.app.state.office, _actor(request), request.url.path)


async def _patch(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(
            description="The ETag that an answer told: the change is made only "
            "while it still holds, else it is 412. Needs the scope to read as well.",
        ),
    ] = None,
) -> Call:
    path = request.url.path
    return Call(request.app.state.office, _actor(request), path, if_match=if_match)


async def _post(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern=r"^[!-~]{1,255}$",
            description="A text of your own choice; the same POST with it is done once.",
            examples=["4f7c0c9e-7d3f-4f0e-9d53-0d1f0f1f9f5a"],
        ),
    ] = None,
) -> Call:
    key = None
    if idempotency_key is not None:
        key = Once(idempotency_key, _fingerprint(request))
    return Call(request.app.state.office, _actor(request), request.url.path, key=key)


AnyCall = Annotated[Call, Depends(_call)]
PatchCall = Annotated[Call, Depends(_patch)]
PostCall = Annotated[Call, Depends(_post)]


def _actor(request: Request) -> Actor:
    actor: Actor | None = request.state.actor
    if actor is None:
        raise NotMember
    return actor


def _fingerprint(request: Request) -> str:
    """A hash of what was sent: equal for the same request and no other."""
    parts = (request.method, request.url.path, request.url.query)
    head = "\n".join(parts).encode("utf-8", "surrogateescape")
    return blake2b(head + b"\n\n" + request.state.body, digest_size=16).hexdigest()


def operation(  # noqa: PLR0913  (what a document tells of an endpoint)
    router: APIRouter,
    method: str,
    path: str,
    *,
    id: str,
    scope: str | None,
    answer: type[BaseModel] | Lines | None,
    many: bool = False,
    status: int = 200,
    own: bool = False,
    anyone: bool = False,
    also: dict[str, Any] | None = None,
) -> Callable[[F], F]:
    """Add an endpoint that needs `scope`, and tell of it in the OpenAPI document.

    The scope is asked for before the body is looked at; the service asks again.
    None is for what a person does without any: with a session alone, and with
    `anyone` for what every key may do as well. With `own` a person does it without
    any to what is theirs: the service alone asks. `Lines` are streamed. `also` is
    what the answer may be besides JSON, by media type.
    """

    async def needs(request: Request) -> None:
        if scope is not None and not own:
            _actor(request).reach(scope)
        elif anyone:
            _actor(request)
        _check_once(request)

    told: dict[int | str, dict[str, Any]] = {status: {"description": "Done"}}
    if isinstance(answer, Lines):
        told[status]["content"] = {
            LINES: {"schema": _LINES, "example": _line_of(answer.row)}
        }
    elif answer is not None:
        told[status]["model"] = page_of(answer) if many else answer
    if also is not None:
        told[status]["content"] = also
    return router.api_route(
        path,
        methods=[method],
        operation_id=id,
        status_code=status,
        response_model=None,
        response_class=JSONResponse if isinstance(answer, type) else Response,
        responses=told,
        dependencies=[Depends(needs)],
        openapi_extra={"security": _security(scope, own=own, anyone=anyone)},
    )


def _check_once(request: Request) -> None:
    """Raise Invalid for a parameter that is there twice: its model sees the last alone."""
    found = Counter(name for name, _ in request.query_params.multi_items())
    mend = "send it once; one that takes several values takes them with commas"
    problems = [
        Problem(name, "is there more than once", mend)
        for name, times in found.items()
        if times > 1 and name not in REPEATED
    ]
    if problems:
        raise Invalid(problems)


def _line_of(row: type[BaseModel]) -> str:
    """An answer of one line."""
    told = row.model_config["json_schema_extra"]
    examples = told["examples"] if isinstance(told, dict) else []
    (example, *_) = examples if isinstance(examples, list) else [{}]
    return f"{json.dumps(example)}\n"


def _security(scope: str | None, *, own: bool, anyone: bool) -> list[dict[str, list[str]]]:
    session: dict[str, list[str]] = {SCHEMES[-1]: []}
    if anyone:
        return [{scheme: []} for scheme in SCHEMES]
    if scope is None:
        return [session]
    told = [{scheme: [scope]} for scheme in SCHEMES]
    return [*told, session] if own else told


_pages: dict[type[BaseModel], type[BaseModel]] = {}


def page_of(row: type[BaseModel]) -> type[BaseModel]:
    """The model of a list of `row`, made once."""
    if row not in _pages:
        example = row.model_config["json_schema_extra"]
        rows = example["examples"] if isinstance(example, dict) else []
        fields = {
            "__annotations__": {"data": list[row], "next_cursor": str | None},  # type: ignore[valid-type] # made here
            "__module__": __name__,
            "__doc__": "A page; `next_cursor` is null on the last.",
            "model_config": {
                "json_schema_extra": {"examples": [{"data": rows, "next_cursor": None}]}
            },
        }
        _pages[row] = type(row.__name__.replace("Out", "Page"), (BaseModel,), fields)
    return _pages[row]

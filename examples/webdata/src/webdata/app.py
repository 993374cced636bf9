"""The service: an address or an upload in, structured data out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from webdata.extract import extract
from webdata.fetch import HTML_TYPES, PAGE_BYTES_MAX, Fetcher, charset, media_type
from webdata.history import Caller, History
from webdata.problems import PROBLEM_TYPE, Problem

Identity = Annotated[str | None, Header(alias="Keyhouse-Application")]
User = Annotated[str, Header(alias="Keyhouse-Subject")]
RequestId = Annotated[str | None, Header(alias="Keyhouse-Request-Id")]

_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}


def create_app(*, allow_private: bool = False) -> FastAPI:
    """The application. Private addresses are fetched only if `allow_private`."""
    fetcher = Fetcher(allow_private=allow_private)
    history = History()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await fetcher.close()

    app = FastAPI(title="webdata", version="0.1.0", lifespan=lifespan)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)

    def remember(
        application: str | None, user: str, request_id: str | None, data: dict[str, Any]
    ) -> None:
        if application is not None:
            caller = Caller(application, user)
            at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            told = {"at": at, "request_id": request_id}
            history.add(caller, {**told, "url": data["url"], "title": data["title"]})

    @app.get("/extract")
    async def extract_address(
        url: str,
        application: Identity = None,
        user: User = "",
        request_id: RequestId = None,
    ) -> dict[str, Any]:
        """Fetch the page at `url` and give what stands in it."""
        page = await fetcher.fetch(url)
        data = await asyncio.to_thread(extract, page.content, page.url, page.charset)
        remember(application, user, request_id, data)
        return data

    @app.post("/extract", openapi_extra=_UPLOAD)
    async def extract_upload(
        request: Request,
        application: Identity = None,
        user: User = "",
        request_id: RequestId = None,
    ) -> dict[str, Any]:
        """Give what stands in the HTML that is sent."""
        content = await _html(request)
        data = await asyncio.to_thread(extract, content, None, charset(request.headers))
        remember(application, user, request_id, data)
        return data

    @app.get("/history")
    async def own_history(application: Identity = None, user: User = "") -> dict[str, Any]:
        """What this user of this application asked lately; nobody sees another's.

        With the application's key alone it is what was asked with that alone.
        """
        if application is None:
            raise Problem(
                400,
                "identity_missing",
                "Keyhouse-Application",
                "is not told",
                "call through Keyhouse, which sets it",
            )
        data = history.of(Caller(application, user))
        return {"application": application, "user": user or None, "data": data}

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Whether the service answers."""
        return {"status": "ok"}

    return app


async def _html(request: Request) -> bytes:
    if media_type(request.headers) not in HTML_TYPES:
        raise Problem(
            415, "not_html", "Content-Type", "is not text/html", "send HTML, and say so"
        )
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > PAGE_BYTES_MAX:
            reason = f"is larger than {PAGE_BYTES_MAX} bytes"
            raise Problem(413, "body_too_large", "body", reason, "send a smaller page")
    return bytes(content)


async def _answer_problem(_: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Problem):
        raise error
    return JSONResponse(error.body(), error.status, media_type=PROBLEM_TYPE)


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0]
    field = str(first["loc"][-1])
    problem = Problem(422, "bad_value", field, str(first["msg"]), f"give {field} once")
    return await _answer_problem(request, problem)

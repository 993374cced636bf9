"""The client for programs that wait."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Self

import httpx

from keyhouse_client import answers
from keyhouse_client.answers import Answer, Json, Page
from keyhouse_client.calls import Call
from keyhouse_client.connection import TIMEOUT_SECONDS, Credentials

if TYPE_CHECKING:
    # The same, with the shapes of all answers: written by `make client-shapes`.
    from keyhouse_client.typed import Resources
else:
    from keyhouse_client.resources import Resources


class _Sender:
    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def answer(self, call: Call) -> Answer:
        return answers.read(self._settled(call))

    def _settled(self, call: Call, *, streamed: bool = False) -> httpx.Response:
        """The answer that stands; where it is `streamed`, its body is still to come."""
        attempt = 0
        while True:
            attempt += 1
            outcome = self._ask(call, streamed=streamed)
            seconds = answers.pause(call, outcome, attempt)
            if isinstance(outcome, httpx.Response):
                if seconds < 0:
                    return outcome
                outcome.close()
            time.sleep(seconds)

    def one(self, call: Call) -> Json:
        return self.answer(call).body

    def listed(self, call: Call) -> Page[Json]:
        return answers.page(self.answer(call))

    def each(self, call: Call) -> Iterator[Json]:
        page = self.listed(call)
        yield from page.data
        while page.next_cursor:
            page = self.listed(call.after(page.next_cursor))
            yield from page.data

    def lines(self, call: Call) -> Iterator[Json]:
        with self.streamed(call) as response:
            for line in response.iter_lines():
                yield answers.line(line, response)

    @contextmanager
    def streamed(self, call: Call) -> Iterator[httpx.Response]:
        """An answer that is no refusal, to be read as it comes."""
        with closing(self._settled(call, streamed=True)) as response:
            try:
                if not response.is_success:
                    response.read()
                    answers.read(response)
                yield response
            except httpx.RequestError as error:
                raise answers.failure(error) from error

    def nothing(self, call: Call) -> None:
        self.answer(call)

    def _ask(self, call: Call, *, streamed: bool) -> httpx.Response | httpx.TransportError:
        request = self.http.build_request(
            call.method, call.path, params=call.query, json=call.body, headers=call.headers
        )
        try:
            return self.http.send(request, stream=streamed)
        except httpx.TransportError as error:
            return error
        except httpx.RequestError as error:
            raise answers.failure(error) from error


class Client(Resources):
    """The management API at `url`, spoken to with a management key.

    Calls raise ProblemError for a refusal and Unreachable where no answer
    came; lost connections and 503 are tried again, at most four times in all.
    What comes as a stream is so until its answer begins: one that breaks off is
    Unreachable. KeyhouseError itself is raised for an answer that can't be read.
    May be shared by threads. Close it, or use it in a `with`. Raises
    ValueError for a `url` that is no address, and, without showing it, for a key
    that no header can hold.
    """

    def __init__(
        self, url: str, api_key: str, *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        self.url = url
        options = Credentials(url, api_key).options(timeout_seconds)
        self._sender = _Sender(httpx.Client(**options))
        super().__init__(self._sender)

    @classmethod
    def from_env(cls) -> Self:
        """As KEYHOUSE_URL and KEYHOUSE_API_KEY say; ValueError where they can't do."""
        return cls(*Credentials.from_env())

    def send(self, call: Call) -> Answer:
        """Make any call; the answer has its status and its change's number."""
        return self._sender.answer(call)

    def export_yaml(
        self, *, project: str | None = None, only: Sequence[str] = ()
    ) -> Iterator[str]:
        """As `declaration.export`, as the text of a file, piece by piece.

        For what is too much to hold. Raises Unreachable where the end does not come.
        """
        query = {"project": project, "only": ",".join(only) or None}
        call = Call("GET", "/v1/export", query, headers={"Accept": "application/yaml"})
        with self._sender.streamed(call) as response:
            yield from response.iter_text()

    def close(self) -> None:
        """Close the connections."""
        self._sender.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client(url={self.url!r})"

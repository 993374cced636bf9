"""`GET /.keyhouse/v1/apis/{slug}`: where callers of an API put their key.

A guard elsewhere has to know that before it can ask about a request.
"""

from typing import TYPE_CHECKING, Final

from keyhouse.core.records import ApiRecord, PartRef
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway import refuse
from keyhouse.doors.gateway.managers import SCOPE, admit

if TYPE_CHECKING:
    from keyhouse.doors.gateway.exchange import Exchange
    from keyhouse.doors.gateway.needs import Manager

PREFIX: Final = "/.keyhouse/v1/apis/"


class ApiCall:
    """One question about an API."""

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._plane = exchange.caller.gate.plane
        self._manager: Manager
        self._applied = 0

    def begin(self) -> None:
        """See who asks."""
        admit(self._exchange, self._find)

    def _find(self, manager: "Manager") -> None:
        self._manager = manager
        self._applied = self._plane.verifier.applied
        slug = self._exchange.path.removeprefix(PREFIX)
        found = self._plane.verifier.api(slug, self._exchange.seen.address)
        self._exchange.caller.wait(found, self._found)

    def _found(self, api: "ApiRecord | Verdict | Exception | None") -> None:
        exchange, manager = self._exchange, self._manager
        if exchange.over:
            return
        if isinstance(api, Verdict | Exception):
            exchange.fail(refuse.UNAVAILABLE)
        elif api is None or not manager.may(
            SCOPE, project_id=api.project_id, api_id=api.id
        ):
            exchange.fail(refuse.API_NOT_FOUND)
        else:
            body = refuse.to_json(self._told(api))
            exchange.reply(refuse.Answer(200, "application/json", body))

    def _told(self, api: ApiRecord) -> dict[str, object]:
        recent, parameter = self._plane.recent, api.query_parameter
        return {
            "slug": api.slug,
            "key_header": api.key_header.decode("ascii"),
            "query_parameter": parameter and parameter.decode("ascii"),
            "imported": api.imported
            and {
                "length_min": api.imported.length_min,
                "length_max": api.imported.length_max,
            },
            "seq": self._applied,
            "log": recent.log,
            "forget": [recent.token(self._manager.id, PartRef("api", api.id))],
        }

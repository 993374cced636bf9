"""`/v1/secrets/revoke`: whoever holds a secret may end it, and needs no key for that.

The answer is the same for every text, and comes no sooner for one than for
another: a stranger learns nothing by it.
"""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from keyhouse.core.addresses import format_address, source_network
from keyhouse.core.limits import rate_limit, take
from keyhouse.doors.api.answers import SecretDoneOut
from keyhouse.doors.api.gate import REVOKE_PATH, address_of
from keyhouse.doors.api.models import SecretBody
from keyhouse.doors.api.problems import TooMany
from keyhouse.services import issue
from keyhouse.services.verify.sources import Sources
from keyhouse.services.work import Office  # noqa: TC001 - as elsewhere, imports stand in one place

router = APIRouter(tags=["Secrets"])

STEP_SECONDS: Final = 0.1
"""Answers come at whole multiples of it; what is done takes a small part of one."""
A_SECOND: Final = 1
BURST: Final = 20
"""Of one network: a scanner that found some at once, and no guesser."""
ALL_A_SECOND: Final = 50
ALL_BURST: Final = 100
"""Of all networks together: so none of them can crowd out who manages keys."""


class Strangers:
    """How often strangers have asked: each network, and all of them together."""

    def __init__(self) -> None:
        self._sources = Sources(A_SECOND, BURST)
        self._all = rate_limit("secrets of strangers", ALL_A_SECOND, 1, ALL_BURST)
        self._tat_us = 0

    def wait_us(self, address: int, now_us: int) -> int:
        """0, and it is counted; or how long to wait, and it is not."""
        source = source_network(address)
        taken = take(self._all, self._tat_us, 1, now_us)
        wait_us = max(self._sources.wait_us(source, now_us), taken.retry_us or 0)
        if not wait_us:
            self._sources.charge(source, now_us)
            self._tat_us = taken.tat_us
        return wait_us


async def _admitted(request: Request) -> None:
    office: Office = request.app.state.office
    strangers: Strangers = request.app.state.strangers
    wait_us = strangers.wait_us(address_of(request.scope), office.clock.monotonic_us())
    if wait_us:
        raise TooMany(-(-wait_us // 1_000_000))


@router.post(
    REVOKE_PATH,
    operation_id="revoke_secret",
    response_model=None,
    response_class=JSONResponse,
    responses={200: {"description": "Done", "model": SecretDoneOut}},
    openapi_extra={"security": []},
)
async def revoke_secret(
    request: Request, body: SecretBody, _: Annotated[None, Depends(_admitted)]
) -> Response:
    """Refuse a secret from now on. Whoever holds one may, without a key.

    The answer is the same whether or not it was a secret here. A publishable
    key's secret stays as it is, for everybody who sees its page holds it.
    """
    office: Office = request.app.state.office
    address = format_address(address_of(request.scope))
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.to_thread(
        issue.revoke_secret, office, body.secret, address, request.state.request_id
    )
    await asyncio.sleep(STEP_SECONDS - (loop.time() - began) % STEP_SECONDS)
    return JSONResponse(SecretDoneOut(done=True).model_dump())

"""What is explained of a user's token is what the doors decide, by the same vectors.

The claims alone are told: whether it was signed is not for an explanation.
"""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from keyhouse.core import entities as rows
from keyhouse.core.explain import (
    Bearer,
    Case,
    ToldToken,
    explain,
    likely_secret,
    name_of,
    named_by,
)
from keyhouse.core.user_tokens import taken_apart
from keyhouse.core.verdict import BY_CODE
from tests.vectors import reading
from tests.vectors.filling import Filling, World
from tests.vectors.test_core import PEPPER, asked
from tests.vectors.test_explained import scene_of

SIGNED = ("", "es256")
ALONE = {"authorization": "Bearer {alice}"}


def is_good(case: reading.Case) -> bool:
    """Whether a token as gateways mint them comes alone."""
    tokens = case.world.get("tokens", {}).values()
    sent = case.steps[0].request["credentials"]
    return sent == ALONE and all(one.get("spoiled", "") in SIGNED for one in tokens)


CASES = {name: case for name, case in reading.cases("verify").items() if is_good(case)}


def case_of(world: World, step: reading.Step) -> Case:
    """The first request of a case, by the claims of its token."""
    apart = taken_apart(world.tokens["alice"].encode())
    assert apart is not None
    token = apart[1]
    told = ToldToken(
        token.subject,
        token.session,
        token.id,
        token.api_id,
        token.issued_us,
        token.ends_us,
        token.scopes,
        token.limits,
    )
    scene = scene_of(world, token.key_id, step.request["api"])
    secret = next(
        (one for one in scene.secrets if one.id == token.secret_id),
        likely_secret(scene.secrets, step.at_us),
    )
    line = scene.line(secret, ZoneInfo)
    named = named_by(told, line, step.at_us)
    revoked = [one for one in world.all(rows.TokenRevocation) if name_of(one) in named]
    bearer = Bearer(told, revoked, line)
    case = Case(
        scene=scene,
        secret=secret,
        line=bearer.line(step.at_us),
        request=asked(step.request, b""),
        now_us=step.at_us,
        spent={},
        bearer=bearer,
    )
    return replace(case, spent={use.token: 0 for use in case.met.quotas})


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_of_a_vector_is_told(name: str) -> None:
    case = CASES[name]
    step = case.steps[0]
    world = Filling(case, PEPPER, "http://127.0.0.1:3000").fill()
    told = explain(case_of(world, step))
    assert told.as_told is BY_CODE[step.expected("verify")["code"]]


def test_there_are_many() -> None:
    """Else the test above would pass by looking away."""
    assert len(CASES) > 35

"""The table of `place_cases`: one API and one path each, or refused."""

import pytest

from tests.doors.gateway.conftest import House
from tests.doors.gateway.raw.cases import Case
from tests.doors.gateway.raw.ends import Recorder
from tests.doors.gateway.raw.place_cases import CASES, LEADS
from tests.doors.gateway.raw.test_requests import check_case


def test_the_table_is_a_table() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names) >= 80


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("way", ["warm", "split"])
async def test_a_case(gateway: House, recorder: Recorder, case: Case, way: str) -> None:
    gateway.verifier.host_slugs = LEADS
    gateway.verifier.hosts.in_use = True
    await check_case(gateway, recorder, case, way)

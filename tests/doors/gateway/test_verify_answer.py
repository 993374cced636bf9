"""What verify answers is written from a template: it reads as if it were not."""

import json

import hypothesis.strategies as st
from hypothesis import given

from keyhouse.core.decision import Decision
from keyhouse.core.verdict import Verdict
from keyhouse.doors.gateway.verify_answer import answer, told
from tests.core.rows import line, quota, rate

ID = "req_0000000000000000000000"
_LIMITS = (rate("a %d"), rate('"b'), quota("ü"), quota("none", 0))
_TEXTS = st.text(max_size=20)
_COUNTS = st.integers(0, 2**53)


@given(
    st.lists(st.sampled_from(_LIMITS), unique=True),
    _TEXTS,
    st.none() | _TEXTS,
    st.data(),
)
def test_a_good_answer_holds_all_that_is_known(
    limits: list[object], name: str, external_id: str | None, data: st.DataObject
) -> None:
    """A service that reads it must not be told of another key, or of less."""
    way = line(limits=tuple(limits), name=name, application={"external_id": external_id})
    left = data.draw(st.lists(_COUNTS, min_size=2 * len(limits), max_size=2 * len(limits)))
    decision = Decision(Verdict.VALID, 5, way, units=1, left=tuple(left))
    for again in (decision, Decision(Verdict.VALID, 6, way, left=tuple(left[::-1]))):
        assert json.loads(answer(again, ID)) == json.loads(json.dumps(told(again, ID)))


def test_a_refusal_and_a_reservation_are_told_as_they_are() -> None:
    way = line(limits=(quota("daily"),))
    refused = Decision(Verdict.QUOTA_EXCEEDED, 5, way, left=(0, 9), retry_us=9_000_000)
    assert json.loads(answer(refused, ID)) == told(refused, ID)
    allowed = Decision(Verdict.VALID, 5, way, units=2, left=(7, 9))
    assert json.loads(answer(allowed, ID, "rsv_1"))["reservation"] == "rsv_1"
    nobody = Decision(Verdict.UNKNOWN, 5)
    assert json.loads(answer(nobody, ID)) == told(nobody, ID)

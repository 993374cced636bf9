"""What is remembered of an answer elsewhere rests on all that it was made of."""

from keyhouse.core.forgetting import parts_of
from keyhouse.core.verdict import Verdict
from tests.services.verify.world import SECRET, World


def test_a_line_names_every_part_that_its_way_was_made_of() -> None:
    """One that it did not name could change, and nobody elsewhere would hear of it."""
    world = World()
    world.link("cus_1")
    decision = world.decide()
    assert decision.line is not None
    found = world.verifier.fingerprint(SECRET.reveal().encode())
    way = world.cache.way(found, "weather")
    assert way is not None
    behind = {way.key.ref, *(part.ref for part in way.parts)}
    assert {ref.kind for ref in behind} >= {"key", "application", "customer", "api"}
    assert behind == set(parts_of(decision.line))


def test_a_customer_that_is_on_again_is_heard_of() -> None:
    world = World()
    world.link("cus_1", disabled_at=5)
    refused = world.decide()
    assert refused.verdict is Verdict.DISABLED
    before = world.store.seq
    world.store.change("customer", "cus_1", disabled_at=None)
    changed = {row.part for row in world.store.log if row.seq > before}
    assert refused.line is not None
    assert changed & set(parts_of(refused.line))
    world.confirm()
    assert world.decide().verdict is Verdict.VALID

"""Whatever becomes of keys, subscriptions and tokens, in whatever order: calls come

to what a few plain facts say. `make soak` tries many lives more.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from keyhouse.adapters.database import Database
from keyhouse.services.work import Office
from tests.life.keys import KeyRules
from tests.life.selling import SellingRules
from tests.life.standing import Standing
from tests.life.tokens import TokenRules

LIVES = int(os.environ.get("KEYHOUSE_SOAK_LIVES", "0"))
"""How many are tried in `make soak`; each time others."""
USUAL = 16
STEPS = 100 if LIVES else 40


class All(KeyRules, SellingRules, TokenRules):
    """All that happens in a town."""


class Keys(KeyRules):
    """Less happens, and so more often: of rotations one comes upon the other."""


@pytest.mark.parametrize("what", [All, Keys])
def test_calls_come_to_what_the_facts_say(
    what: type[Standing], office: Office, database: Database
) -> None:
    class InThisDatabase(what):  # type: ignore[misc, valid-type] # it is told at run time
        pass

    InThisDatabase.office, InThisDatabase.database = office, database
    run_state_machine_as_test(
        InThisDatabase,
        settings=settings(
            max_examples=LIVES or USUAL,
            stateful_step_count=STEPS,
            derandomize=not LIVES,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )

"""A key that nobody used lately opens at once, of however many there are."""

import gc
import sqlite3
import tracemalloc
from typing import Final

from keyhouse.adapters.database.engine import is_sqlite
from tests.scale.cold import Checking, cold_keys
from tests.scale.conftest import ASKED
from tests.scale.multitude import Multitude
from tests.scale.test_key_lists import TIMED

SQLITE_US_MAX: Final = 1000
POSTGRES_US_MAX: Final = 2000
STATEMENTS_MAX: Final = 11
"""With BEGIN and its end."""
BYTES_OF_EACH: Final = 5000


def test_a_cold_key_is_found_in_a_moment(multitude: Multitude) -> None:
    """Half of the callers whom a gateway does not know yet wait no longer than promised."""
    told = cold_keys(multitude, multitude.sample(ASKED))
    print(told)
    assert told.asked == ASKED - ASKED // 10
    if TIMED:
        most = SQLITE_US_MAX if is_sqlite(multitude.database.engine) else POSTGRES_US_MAX
        assert told.p50_us <= most


def test_of_a_cold_key_only_what_is_its_own_is_read(multitude: Multitude) -> None:
    """What all keys have in common is not read again, nor is what was made of it lost:

    with many unknown callers the known ones would be as slow.
    """
    checking = Checking(multitude, keys_max=ASKED)
    first, *others = multitude.sample(20)
    assert checking.decide(first).verdict.allowed
    before = checking.cache.generation
    texts: list[str] = []
    driver = None
    if is_sqlite(multitude.database.engine):
        with multitude.database.engine.connect() as connection:
            driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_trace_callback(texts.append)
    for number in others:
        assert checking.decide(number).verdict.allowed
    if driver is not None:
        driver.set_trace_callback(None)
        assert 0 < len(texts) <= STATEMENTS_MAX * len(others)
    assert checking.cache.generation == before


def test_a_gateway_through_which_all_keys_pass_does_not_grow(multitude: Multitude) -> None:
    """Its cache takes the bytes that it is allowed, and holds what was used last."""
    numbers = multitude.sample(ASKED)
    bytes_max = BYTES_OF_EACH * ASKED // 4
    Checking(multitude, keys_max=1).decide(numbers[0])
    checking = Checking(multitude, keys_max=ASKED, bytes_max=bytes_max)
    tracemalloc.start()
    try:
        for number in numbers:
            assert checking.decide(number).verdict.allowed
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    held = len(checking.cache)
    print(f"{held} keys are held in {taken} bytes of {bytes_max}")
    assert 0 < held < ASKED
    assert checking.cache.weight <= bytes_max
    assert taken <= bytes_max

"""Passwords as they are kept."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keyhouse.adapters.passwords import Argon2Hasher

PASSWORD = "seven quiet herons"


@pytest.fixture(scope="module")
def hasher() -> Argon2Hasher:
    return Argon2Hasher()


def test_only_its_password_fits_a_hash(hasher: Argon2Hasher) -> None:
    hashed = hasher.hash(PASSWORD)
    assert hasher.verify(hashed, PASSWORD)
    assert not hasher.verify(hashed, PASSWORD + " ")
    assert not hasher.verify(hasher.decoy, PASSWORD)


def test_a_hash_is_argon2id_with_owasps_costs(hasher: Argon2Hasher) -> None:
    """A database that is stolen must not give the passwords away cheaply."""
    assert hasher.hash(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_people_with_one_password_have_two_hashes(hasher: Argon2Hasher) -> None:
    assert hasher.hash(PASSWORD) != hasher.hash(PASSWORD)


@pytest.mark.parametrize(
    "hashed", ["", "x", "$argon2id$v=19$m=1", "é", "$2b$12$" + "a" * 53]
)
def test_what_is_no_hash_fits_nothing(hasher: Argon2Hasher, hashed: str) -> None:
    assert not hasher.verify(hashed, PASSWORD)


def test_a_hash_of_other_costs_is_known(hasher: Argon2Hasher) -> None:
    from argon2 import PasswordHasher

    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    assert hasher.verify(cheap, PASSWORD)
    assert hasher.needs_rehash(cheap)
    assert not hasher.needs_rehash(hasher.hash(PASSWORD))


def test_many_threads_take_turns(hasher: Argon2Hasher) -> None:
    hashed = hasher.hash(PASSWORD)
    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(lambda _: hasher.verify(hashed, PASSWORD), range(24)))

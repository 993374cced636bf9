"""What every spool does: what was appended comes back, whole, in order, once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.adapters.spool import MappedSpoolFolder
from keyhouse.core.addresses import UNKNOWN
from keyhouse.core.usage import (
    NO_REFUND,
    Completed,
    Refund,
    Served,
    Use,
    UseOfUser,
    user_of,
)
from keyhouse.ports import SpoolFolder

SMALL = 4096 + 64 * 128
MIDDLE = 4096 + 1024 * 128
U64 = (1 << 63) - 1

Maker = Callable[[Path, int], SpoolFolder]
MAKERS: list[Maker] = [lambda path, size: MappedSpoolFolder(path, "boot-one", size)]

words = st.text(max_size=26)
uses = st.builds(
    Use, words, words, words, words, words, st.integers(0, 9), words, words, words
)
request_ids = st.from_regex(r"req_[0-9A-Za-z]{22}", fullmatch=True)
paths = st.text(st.characters(exclude_categories=["Cs"]), max_size=160)
addresses = st.just(UNKNOWN) | st.integers(0, (1 << 128) - 2)
served = st.builds(
    Served,
    request_ids,
    st.integers(0, U64),
    uses,
    st.integers(0, 22),
    st.sampled_from(["GET", "POST", "OPTIONS", ""]),
    paths,
    addresses,
    st.integers(0, U64),
    st.lists(words, max_size=4).map(tuple),
)
completed = st.builds(
    Completed,
    request_ids,
    st.integers(0, U64),
    uses,
    st.integers(0, 22),
    st.integers(0, 999),
    st.integers(0, U64),
    st.integers(0, U64),
    st.integers(0, U64),
    st.just(NO_REFUND)
    | st.builds(Refund, st.integers(1, U64), st.lists(words, max_size=4).map(tuple)),
)


@pytest.fixture(params=MAKERS, ids=["mapped"])
def maker(request: pytest.FixtureRequest) -> Maker:
    made: Maker = request.param
    return made


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spools")


def one(number: int = 0, path: str = "/", leases: tuple[str, ...] = ()) -> Served:
    use = Use("org_a", "org_b", "api_a", "", f"key_{number}", 1, "app_a", "live", "")
    return Served(
        f"req_{number:022}", 1_000_000 + number, use, 0, "GET", path, UNKNOWN, 1, leases
    )


@given(st.lists(st.lists(served | completed, max_size=6), max_size=30))
def test_replay_is_what_was_appended_over_many_laps(
    folders: Path, stretches: list[list[Served | Completed]]
) -> None:
    """Usage would be lost, doubled or told of another key."""
    for make in MAKERS:
        spool = make(folders, MIDDLE).create("spl_laps")
        try:
            start = spool.cut()
            for entries in stretches:
                for entry in entries:
                    if isinstance(entry, Served):
                        assert spool.served(*entry)
                    else:
                        spool.completed(*entry)
                end = spool.cut()
                stretch = spool.stretch(end)
                assert (stretch.start, stretch.end) == (start, end)
                assert list(stretch.entries) == entries
                spool.booked(end)
                start = end
        finally:
            spool.discard()


@given(st.lists(st.integers(0, 3), max_size=60), st.integers(1, 40))
def test_a_small_ring_goes_round_and_round(
    folders: Path, sizes: list[int], per_stretch: int
) -> None:
    for make in MAKERS:
        spool = make(folders, SMALL).create("spl_small")
        try:
            kept: list[Served] = []
            for number, size in enumerate(sizes * 5):
                entry = one(number % 3, "/" + "x" * size * 40, (f"lse_{size}",) * size)
                taken = spool.served(*entry)
                if taken:
                    kept.append(entry)
                if not taken or number % per_stretch == 0:
                    end = spool.cut()
                    assert list(spool.stretch(end).entries) == kept
                    spool.booked(end)
                    kept = []
        finally:
            spool.discard()


def test_a_full_spool_refuses_and_takes_again_when_it_is_booked(
    maker: Maker, tmp_path: Path
) -> None:
    spool = maker(tmp_path, SMALL).create("spl_full")
    entries: list[Served] = []
    while spool.served(*(entry := one(len(entries) % 2))):
        entries.append(entry)
    assert 40 < len(entries) < 64
    assert not spool.served(*one())
    end = spool.cut()
    assert list(spool.stretch(end).entries) == entries
    spool.booked(end)
    assert spool.served(*one())


def test_the_ends_of_what_was_served_fit_into_a_full_spool(
    maker: Maker, tmp_path: Path
) -> None:
    spool = maker(tmp_path, SMALL).create("spl_full")
    while spool.served(*one()):
        pass
    use = one().use
    end = Completed("req_0000000000000000000000", 1, use, 0, 200, 1, 2, 3)
    spool.completed(*end)
    assert spool.stretch(spool.cut()).entries[-1] == end
    for _ in range(200):
        spool.completed(*end)
    count = len(spool.stretch(spool.cut()).entries)
    assert count < 64


def test_a_long_path_is_cut_and_a_broken_one_written_with_marks(
    maker: Maker, tmp_path: Path
) -> None:
    spool = maker(tmp_path, MIDDLE).create("spl_paths")
    assert spool.served(*one(path="/" + "ä" * 3000))
    assert spool.served(*one(path="/\udcff/\x00"))
    long, broken = spool.stretch(spool.cut()).entries
    assert isinstance(long, Served)
    assert isinstance(broken, Served)
    assert long.path == "/" + "ä" * 255
    assert broken.path == "/?/\x00"


def test_what_cannot_be_written_leaves_the_spool_as_it_was(
    maker: Maker, tmp_path: Path
) -> None:
    spool = maker(tmp_path, MIDDLE).create("spl_wrong")
    assert spool.served(*one(1))
    with pytest.raises(Exception, match=r"format|range"):
        spool.served(*one(1)._replace(units=-1))
    assert spool.served(*one(2))
    assert list(spool.stretch(spool.cut()).entries) == [one(1), one(2)]


def test_a_closed_spool_refuses(maker: Maker, tmp_path: Path) -> None:
    spool = maker(tmp_path, MIDDLE).create("spl_closed")
    spool.close()
    assert not spool.served(*one())
    assert not spool.completed("req_0", 1, one().use, 0, 200, 1, 2, 3)


def test_the_spool_of_the_living_is_no_orphan_and_that_of_the_dead_is_found_once(
    maker: Maker, tmp_path: Path
) -> None:
    folder = maker(tmp_path, MIDDLE)
    living, dead = folder.create("spl_living"), folder.create("spl_dead")
    assert list(folder.orphans()) == []
    for number in range(3):
        assert dead.served(*one(number))
        cut = dead.cut()
    assert dead.served(*one(9, leases=("lse_a",)))
    dead.close()
    (orphan,) = folder.orphans()
    assert orphan.id == "spl_dead"
    assert orphan.same_boot
    assert not orphan.is_blank
    assert list(folder.orphans()) == [], "another adopter must not get it too"
    assert list(orphan.stretch_after(cut).entries) == [one(9, leases=("lse_a",))]
    everything = orphan.stretch_after(0)
    assert list(everything.entries) == [one(0), one(1), one(2), one(9, leases=("lse_a",))]
    nothing = orphan.stretch_after(everything.end)
    assert (nothing.start, nothing.end, list(nothing.entries)) == (
        everything.end,
        everything.end,
        [],
    )
    orphan.close()
    (orphan,) = folder.orphans()
    orphan.discard()
    assert list(folder.orphans()) == []
    living.discard()


def test_a_spool_to_which_nothing_was_appended_says_so(
    maker: Maker, tmp_path: Path
) -> None:
    """Nothing is lost with it, whoever it belonged to."""
    folder = maker(tmp_path, MIDDLE)
    folder.create("spl_blank").close()
    (orphan,) = folder.orphans()
    assert orphan.is_blank
    orphan.discard()


def test_whose_use_it_was_comes_back(maker: Maker, tmp_path: Path) -> None:
    """After a crash, calls would be told of no user, or of another one."""
    spool = maker(tmp_path, MIDDLE).create("spl_users")
    told = [("", "", ""), ("app_a/alice", "tok_1", "s-1"), ("app_a/bob", "tok_2", "")]
    told += [("", "", ""), ("app_a/alice", "tok_3", ""), ("app_a/alice", "tok_1", "s-1")]
    for number, (user, token, session) in enumerate(told):
        entry = one()
        use = entry.use if not user else UseOfUser(*entry.use)
        if isinstance(use, UseOfUser):
            use.user, use.token, use.session = user, token, session
        assert spool.served(*entry._replace(use=use, at_us=number))
    got = [found.use for found in spool.stretch(spool.cut()).entries]
    assert got == [one().use] * len(told)
    assert [user_of(use) or ("", "", "") for use in got] == [
        (user.partition("/")[2], session, token) for user, token, session in told
    ]
    spool.discard()

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from keyhouse.adapters.spool import MappedSpoolFolder, SpoolDamaged, spools_in_use
from keyhouse.adapters.spool.reading import read_stretch
from keyhouse.core.usage import Completed, Served, Use
from keyhouse.ports import NoSpool

USE = Use("org_a", "org_b", "api_a", "", "key_a", 1, "app_a", "live", "")
SIZE = 4096 + 64 * 128


def entry(number: int) -> Served:
    path = "/" + "p" * (number * 37 % 200)
    return Served(
        f"req_{number:022}", number, USE, 0, "GET", path, 7, 1, (f"lse_{number % 3}",)
    )


def file_of(folder: Path) -> Path:
    (path,) = folder.glob("*.spool")
    return path


def test_a_file_torn_at_any_byte_gives_the_entries_before_it(tmp_path: Path) -> None:
    """What is read from a torn spool must have been written so, to the last byte."""
    spool = MappedSpoolFolder(tmp_path, "boot", SIZE).create("spl_torn")
    entries: list[Served | Completed] = []
    ends = []
    for number in range(5):
        assert spool.served(*entry(number))
        entries.append(entry(number))
        ends.append(spool._head * 128)
    spool.close()
    whole = file_of(tmp_path).read_bytes()[4096:]
    noise = random.Random(1)
    for torn in range(ends[-1] + 1):
        for rest in (b"\0", b"\xff", noise.randbytes(1)):
            ring = whole[:torn] + (rest * len(whole))[torn : len(whole)]
            got = list(read_stretch(memoryview(ring), 0).entries)
            sure = sum(end <= torn for end in ends)
            assert got[:sure] == entries[:sure]
            # A last byte may happen to be what it was.
            assert got == entries[: len(got)]


def test_entries_of_an_earlier_lap_are_not_read_again(tmp_path: Path) -> None:
    folder = MappedSpoolFolder(tmp_path, "boot", SIZE)
    spool = folder.create("spl_laps")
    for number in range(500):
        assert spool.served(*entry(number))
        cut = spool.cut()
        if number < 499:
            spool.booked(cut)
            booked = cut
    spool.close()
    (orphan,) = folder.orphans()
    assert list(orphan.stretch_after(booked).entries) == [entry(499)]
    assert list(orphan.stretch_after(cut).entries) == []
    orphan.discard()


@pytest.mark.parametrize("rounds", [6])
def test_what_a_killed_process_acknowledged_is_there(tmp_path: Path, rounds: int) -> None:
    """A request was answered and, after kill -9, not counted."""
    for turn in range(rounds):
        command = [
            sys.executable,
            str(Path(__file__).with_name("appender.py")),
            str(tmp_path),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            out = child.stdout
            lines = [out.readline() for _ in range(2000 + turn * 777)]
            child.kill()
            lines += out.read().splitlines(keepends=True)
        start = acknowledged = first = 0
        for line in lines:
            if line.startswith(b"cut"):
                start, first = (int(word) for word in line.split()[1:])
            else:
                acknowledged = int(line)
        (orphan,) = MappedSpoolFolder(tmp_path, "boot").orphans()
        got = orphan.stretch_after(start).entries
        assert acknowledged - first <= len(got) <= acknowledged - first + 1
        for number, one in enumerate(got, first):
            assert isinstance(one, Served)
            assert one.at_us == number
            assert one.request_id == f"req_{number:022}"
            assert one.use.key_id == f"key_{number % 7}"
            assert one.lease_ids == (f"lse_{number}",)
            assert len(one.path) == 1 + number % 130
        orphan.discard()


def test_a_forked_child_does_not_write_into_its_parents_spool(tmp_path: Path) -> None:
    """Two writers on one spool would spoil each other's entries."""
    spool = MappedSpoolFolder(tmp_path, "boot", SIZE).create("spl_fork")
    assert spool.served(*entry(1))
    child = os.fork()
    if child == 0:
        os._exit(1 if spool.served(*entry(2)) else 0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert spool.served(*entry(3))
    assert list(spool.stretch(spool.cut()).entries) == [entry(1), entry(3)]
    spool.discard()


def test_a_spool_of_an_earlier_boot_is_known_as_such(tmp_path: Path) -> None:
    spool = MappedSpoolFolder(tmp_path, "boot one", SIZE).create("spl_old")
    spool.sync()
    spool.close()
    (orphan,) = MappedSpoolFolder(tmp_path, "boot two", SIZE).orphans()
    assert not orphan.same_boot
    orphan.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"KHSPOOL\0", b"\xff" * 9000, b"KHSPOOL\0" + b"\1\0\0\0" + b"\xff" * 9000],
)
def test_a_file_that_is_no_spool_is_left_alone(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spl_x.spool").write_bytes(content)
    assert list(MappedSpoolFolder(tmp_path, "boot").orphans()) == []
    assert "spl_x.spool" in caplog.text
    assert (tmp_path / "spl_x.spool").read_bytes() == content


def test_a_shortened_spool_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Mapping it would kill the process that reads behind its end."""
    folder = MappedSpoolFolder(tmp_path, "boot", SIZE)
    folder.create("spl_short").close()
    os.truncate(file_of(tmp_path), SIZE - 1)
    assert list(folder.orphans()) == []
    assert "shorter" in caplog.text


def test_what_died_while_it_was_made_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "spl_half.new").write_bytes(b"")
    assert list(MappedSpoolFolder(tmp_path, "boot").orphans()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_entry_before_the_cut_is_no_silent_loss(tmp_path: Path) -> None:
    spool = MappedSpoolFolder(tmp_path, "boot", SIZE).create("spl_hole")
    assert spool.served(*entry(0))
    assert spool.served(*entry(1))
    spool._ring[128 * 3 - 8 : 128 * 3] = bytes(8)
    with pytest.raises(SpoolDamaged, match="position"):
        spool.stretch(spool.cut())
    spool.discard()


def test_a_spool_too_small_to_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        MappedSpoolFolder(tmp_path, "boot", 8192)


def test_all_of_a_new_spools_disk_is_taken(tmp_path: Path) -> None:
    """A full disk must show at the start, not kill the process later."""
    spool = MappedSpoolFolder(tmp_path, "boot", SIZE).create("spl_whole")
    assert file_of(tmp_path).stat().st_blocks * 512 >= SIZE
    spool.discard()


def test_no_room_for_a_spool_is_told_with_its_place_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    """Whoever starts a gateway on a full disk reads what to mend, and where."""
    folder = MappedSpoolFolder(tmp_path / "spools", "boot", 1 << 60)
    with pytest.raises(NoSpool, match=f"1099511627776 MiB in {tmp_path}/spools: .") as told:
        folder.create("spl_large")
    assert "No space left" in str(told.value) or "too large" in str(told.value)
    assert list((tmp_path / "spools").iterdir()) == []


def test_a_spool_is_in_use_while_its_process_holds_it(tmp_path: Path) -> None:
    folder = MappedSpoolFolder(tmp_path, "boot", SIZE)
    assert spools_in_use(tmp_path / "none") == []
    spool = folder.create("spl_one")
    assert spools_in_use(tmp_path) == ["spl_one"]
    assert spool.served(*entry(1))
    spool.close()
    assert spools_in_use(tmp_path) == []
    (orphan,) = folder.orphans()
    orphan.close()


def test_a_spool_of_an_older_version_is_booked_and_one_of_a_newer_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was served before an upgrade must be metered by what comes after it."""
    spool = MappedSpoolFolder(tmp_path, "boot", SIZE).create("spl_old")
    assert spool.served(*entry(1))
    spool.close()
    path = file_of(tmp_path)
    whole = path.read_bytes()
    for version, known in ((1, True), (3, False)):
        path.write_bytes(whole[:8] + version.to_bytes(4, "little") + whole[12:])
        found = list(MappedSpoolFolder(tmp_path, "boot", SIZE).orphans())
        assert [one.stretch_after(0).entries for one in found] == [[entry(1)]] * known
        for orphan in found:
            orphan.close()
    assert "version 3" in caplog.text

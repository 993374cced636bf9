"""Where processes leave their readings: seen while they live, and no longer."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from keyhouse.adapters.metrics import FileShelf, FileShelves, take_shelf
from keyhouse.adapters.metrics import folder as folders
from keyhouse.core.metrics import BY_NAME, Counted, Readings

BOUNDS = len(BY_NAME["revocation_seconds"].bounds) + 1
READ: Readings = {
    "decisions_total": {("proxy", "valid"): 7, ("verify", "unknown"): 1},
    "ready": {(): 1},
    "revocation_seconds": {(): Counted([2] * BOUNDS, 1.5)},
    "request_seconds": {(): Counted([0] * 20, 0.0)},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


def _taken(folder: Path, kind: str = "gateway") -> FileShelf:
    shelf = take_shelf(folder, kind)
    assert shelf is not None
    return shelf


def test_what_is_put_is_read_until_its_process_ends(folder: Path) -> None:
    shelf = _taken(folder)
    assert FileShelves(folder).all() == {}, "nothing was put yet"
    shelf.put(READ)
    assert FileShelves(folder).all() == {"gateway-0": READ}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    shelf.close()
    assert FileShelves(folder).all() == {}


def test_processes_take_the_lowest_number_that_is_free(folder: Path) -> None:
    """Or charts would gain a line with each restart, for ever."""
    first, second = _taken(folder), _taken(folder)
    other = _taken(folder, "management")
    assert (first.name, second.name, other.name) == (
        "gateway-0",
        "gateway-1",
        "management-0",
    )
    first.close()
    third = _taken(folder)
    assert third.name == "gateway-0"
    for shelf in (second, third, other):
        shelf.close()


def test_a_killed_process_is_not_shown(folder: Path) -> None:
    """Its last numbers would stand still and look like those of one that is well."""
    program = (
        "import sys, time; from pathlib import Path; "
        "from keyhouse.adapters.metrics import take_shelf; "
        "take_shelf(Path(sys.argv[1]), 'gateway').put({'ready': {(): 1}}); "
        "print('put', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"put\n"
        assert FileShelves(folder).all() == {"gateway-0": {"ready": {(): 1}}}
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert FileShelves(folder).all() == {}
    again = _taken(folder)
    assert again.name == "gateway-0"
    assert FileShelves(folder).all() == {}, "what the dead one left is nobody's"
    again.close()


def test_a_forked_child_does_not_hold_the_slot_of_its_parent(folder: Path) -> None:
    """Servers that fork their workers would show a dead parent's numbers for ever."""
    program = (
        "import os, sys, time; from pathlib import Path; "
        "from keyhouse.adapters.metrics import take_shelf; "
        "shelf = take_shelf(Path(sys.argv[1]), 'guard'); shelf.put({'ready': {(): 1}}); "
        "child = os.fork(); "
        "child or print(os.getpid(), flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            assert set(FileShelves(folder).all()) == {"guard-0"}
            process.kill()
            process.wait()
            assert FileShelves(folder).all() == {}
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"ready": 1}',
        '{"ready": [[[], "x"]]}',
        '{"revocation_seconds": [[[], [[1, 2], 3]]]}',
    ],
)
def test_a_file_that_makes_no_sense_is_left_out_alone(folder: Path, text: str) -> None:
    """One process of another version must not hide all others."""
    broken, well = _taken(folder), _taken(folder)
    well.put(READ)
    (folder / "gateway-0.json").write_text(text)
    assert FileShelves(folder).all() == {"gateway-1": READ}
    broken.close()
    well.close()


def test_metrics_that_are_not_known_here_are_left_out(folder: Path) -> None:
    """As a process of a newer version tells them while the old ones still run."""
    shelf = _taken(folder)
    shelf.put({**READ, "of_tomorrow": {(): 1}, "units_total": {("label",): 1}})
    assert FileShelves(folder).all() == {"gateway-0": {**READ, "units_total": {}}}
    shelf.close()


def test_a_process_starts_though_nothing_can_be_measured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    assert take_shelf(tmp_path / "file", "gateway") is None
    monkeypatch.setattr(folders, "SLOTS_MAX", 1)
    shelf = _taken(tmp_path / "metrics")
    assert take_shelf(tmp_path / "metrics", "gateway") is None
    assert len(caplog.records) == 2
    shelf.close()

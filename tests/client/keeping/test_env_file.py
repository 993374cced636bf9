import codecs
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse_client.keeping.env_file import EnvFile
from keyhouse_client.keeping.refusals import Refused

TEXT = """# mine

export QUOTED="a \\" b" # why
SINGLE='two
lines'

  BARE = x$HOME # because
HASH=a#b
EMPTY=
NOTHING= # so far
LAST=z"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_a_file_means_what_it_says_and_nothing_is_interpolated(path: Path) -> None:
    path.write_text(TEXT)
    assert EnvFile.read(path).values == {
        "QUOTED": 'a " b',
        "SINGLE": "two\nlines",
        "BARE": "x$HOME",
        "HASH": "a#b",
        "EMPTY": "",
        "NOTHING": "",
        "LAST": "z",
    }


@pytest.mark.parametrize(
    ("variable", "old", "new"),
    [
        ("QUOTED", 'export QUOTED="a \\" b" # why', 'export QUOTED="kh://n" # why'),
        ("SINGLE", "SINGLE='two\nlines'", "SINGLE='kh://n'"),
        ("BARE", "  BARE = x$HOME # because", "  BARE = kh://n # because"),
        ("HASH", "HASH=a#b", "HASH=kh://n"),
        ("EMPTY", "EMPTY=\n", "EMPTY=kh://n\n"),
        ("NOTHING", "NOTHING= # so far", "NOTHING= kh://n # so far"),
        ("LAST", "LAST=z", "LAST=kh://n"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_one_value_changes_and_each_other_byte_stays(
    path: Path, variable: str, old: str, new: str, end: str, mark: bytes
) -> None:
    def as_bytes(text: str) -> bytes:
        return mark + text.replace("\n", end).encode()

    path.write_bytes(as_bytes(TEXT))
    EnvFile.read(path).with_line(variable, "kh://n").write()
    assert TEXT.count(old) == 1
    assert path.read_bytes() == as_bytes(TEXT.replace(old, new))


@pytest.mark.parametrize("text", ["", "A=1", "A=1\n", "A=1\r\n"])
def test_a_new_variable_stands_in_a_line_of_its_own(path: Path, text: str) -> None:
    path.write_bytes(text.encode())
    EnvFile.read(path).with_line("NEW", "kh://n").write()
    written = path.read_bytes().decode()
    end = "\r\n" if "\r" in text else "\n"
    assert written.startswith(text)
    assert written.endswith(f"NEW=kh://n{end}")
    assert len(EnvFile.read(path).values) == len(written.split())


def test_a_new_file_is_its_owners_and_an_old_one_keeps_its_mode(path: Path) -> None:
    EnvFile(path, ()).with_line("NEW", "kh://n").write()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    EnvFile.read(path).with_line("NEW", "kh://m").write()
    assert path.stat().st_mode & 0o777 == 0o640
    EnvFile.read(path).write(narrow=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_mode_is_kept_whatever_the_umask(path: Path) -> None:
    path.write_text("A=1\n")
    path.chmod(0o664)
    before = os.umask(0o077)
    try:
        EnvFile.read(path).with_line("A", "kh://n").write()
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o664


@pytest.mark.parametrize("now", ["A=2\n", None])
def test_what_others_wrote_meanwhile_stays(path: Path, now: str | None) -> None:
    path.write_text("A=1\n")
    changed = EnvFile.read(path).with_line("A", "kh://n")
    path.unlink()
    if now is not None:
        path.write_text(now)
    with pytest.raises(Refused, match="changed it"):
        changed.write()
    assert (path.read_text() if path.exists() else None) == now
    assert list(path.parent.iterdir()) == ([path] if now else [])


def test_a_new_file_takes_no_others_place(path: Path) -> None:
    new = EnvFile(path, ()).with_line("A", "kh://n")
    path.write_text("B=2\n")
    with pytest.raises(Refused, match="changed it"):
        new.write()
    assert path.read_text() == "B=2\n"


def test_a_link_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    path.symlink_to("real")
    EnvFile.read(path).with_line("A", "kh://n").write()
    assert path.is_symlink()
    assert (tmp_path / "real").read_text() == "A=kh://n\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\n\nkh_sk_live_secret\n", 3),
        ("A=1\nB='open\nC=3\n", 2),
        ("=x\n", 1),
        ("A=1\n# c\n1A=secret\n", 3),
        ("'a=b'=secret\n", 1),
        ("A=a\x00b\n", 1),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_not_shown(
    path: Path, text: str, line: int
) -> None:
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"\.env, line {line}: ") as told:
        EnvFile.read(path)
    assert "secret" not in str(told.value)


def test_what_is_no_text_is_told(path: Path) -> None:
    path.write_bytes(b"A=\xff\n")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        EnvFile.read(path)


@given(st.text(alphabet="AB=#'\" \\\n\r\tx$", max_size=30))
def test_whatever_a_file_holds_a_change_is_whole_or_refused(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder, ".env")
        path.write_bytes(text.encode())
        try:
            before = EnvFile.read(path)
            before.with_line("A", "kh://n").write()
        except ValueError:
            assert path.read_bytes() == text.encode()
        else:
            assert EnvFile.read(path).values == {**before.values, "A": "kh://n"}

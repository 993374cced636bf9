"""Secrets that move from an env file into the store, while others write to it."""

from pathlib import Path

import pytest

from keyhouse_client.keeping.env_file import EnvFile
from keyhouse_client.keeping.hiding import hide, moves
from keyhouse_client.keeping.refusals import Refused
from keyhouse_client.keeping.store import Store
from tests.client.kh import KEYHOUSE_SECRET


def test_what_is_written_while_somebody_is_asked_stays(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"A={KEYHOUSE_SECRET}\n")
    file = EnvFile.read(path)
    path.write_text(f"A={KEYHOUSE_SECRET}\nB=new\n")
    store = Store.of_user()
    with pytest.raises(Refused, match="changed it"):
        hide(file, moves(file, [], {}), store)
    assert path.read_text() == f"A={KEYHOUSE_SECRET}\nB=new\n"
    assert store.entries() == []
    again = EnvFile.read(path)
    hide(again, moves(again, [], {}), store)
    assert path.read_text() == "A=kh://a\nB=new\n"


def test_the_same_secret_twice_is_moved_twice(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"A={KEYHOUSE_SECRET}\nA={KEYHOUSE_SECRET}\nB={KEYHOUSE_SECRET}\n")
    file = EnvFile.read(path)
    hide(file, moves(file, [], {"B": "a"}), Store.of_user())
    assert path.read_text() == "A=kh://a\nA=kh://a\nB=kh://a\n"

"""`keyhouse keys create --count` and `--from`: many keys at once, all or none."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keyhouse.doors.cli import show
from keyhouse.doors.cli.entries import WrongUse
from keyhouse.doors.cli.once import OF_KEY, lost
from keyhouse.doors.cli.opening import opening

if TYPE_CHECKING:
    from keyhouse_client.secret_file import SecretFile

KEYS_MAX: Final = 100
_COLUMNS: Final = ("id", "name", "environment", "hint", "secret")


def counted(wish: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """`count` wishes, told apart by a number behind the name."""
    width = len(str(count))
    return [
        {**wish, "name": f"{wish['name']} {number:0{width}}"}
        for number in range(1, count + 1)
    ]


def read(file: Path, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The wishes in a file; what an entry leaves out is as in `wish`.

    JSON is a list of objects as POST /v1/keys takes them. CSV has a head that
    names such fields; `api` is written as --api is, `tags` with spaces between.
    Raises WrongUse where it cannot be read so.
    """
    try:
        text = file.read_text("utf-8")
        rows = _of_csv(text) if file.suffix.lower() == ".csv" else json.loads(text)
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise WrongUse(f"{file}: {error}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WrongUse(f"{file}: it is to hold a list of objects, one for each key")
    if not 1 <= len(rows) <= KEYS_MAX:
        raise WrongUse(
            f"{file}: it holds {len(rows)} keys; at once there are 1 to {KEYS_MAX}"
        )
    return [{**wish, **row} for row in rows]


def tell(
    made: Sequence[Mapping[str, Any]], file: "SecretFile | None", *, json: bool
) -> None:
    """The new keys with their secrets: on stdout, or in the file and then not here.

    Raises SecretLost where no answer had them.
    """
    if any(one["secret"] is None for one in made):
        ids = ", ".join(str(one["id"]) for one in made)
        raise lost(f"Each of {ids}", OF_KEY.format(id="ID"))
    if file is None:
        show.rows(made, _COLUMNS, json=json)
        return
    file.fill(_as_csv(made) if file.path.suffix.lower() == ".csv" else _as_json(made))
    told = str(file.path)
    shown = [{**one, "secret": None, "secret_file": told} for one in made]
    if json:
        show.as_json(shown)
    else:
        show.say(f"{len(made)} keys; their secrets are in {told} and are not shown again.")


def _of_csv(text: str) -> list[dict[str, Any]]:
    rows = []
    for row in csv.DictReader(io.StringIO(text), strict=True):
        if None in row or None in row.values():
            raise ValueError("a line has more or fewer fields than the head")
        given = {name: value for name, value in row.items() if value}
        if "api" in given:
            given["access"] = [opening(one) for one in given.pop("api").split()]
        if "tags" in given:
            given["tags"] = given["tags"].split()
        rows.append(given)
    return rows


def _as_csv(made: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(made)
    return text.getvalue().rstrip("\n")


def _as_json(made: Sequence[Mapping[str, Any]]) -> str:
    kept = [{name: one.get(name) for name in _COLUMNS} for one in made]
    return json.dumps(kept, indent=2, ensure_ascii=False)

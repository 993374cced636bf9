"""What webhooks tell of: the table, and the code and page that must agree with it."""

import re
from pathlib import Path

import pytest

from keyhouse.core import events
from keyhouse.core.entities import AlertKind, Event, MarkLevel
from tests.repository.places import ROOT

SERVICES = ROOT / "src" / "keyhouse" / "services"
_WRITES = re.compile(r"\bwork\.(?:add|change|drop|note)\(([^,]*),")
TO_COME = frozenset(
    (
        "application.transfer",
        "import.finish",
        "import.undo",
        "plan.change",
        "plan.create",
        "plan.delete",
        "plan.version",
        "subscription.approve",
        "subscription.change",
        "subscription.create",
        "subscription.end",
        "subscription.move",
        "subscription.resume",
        "subscription.suspend",
    )
)
"""Actions that are agreed on, and that nothing notes yet."""


def _noted() -> set[str]:
    """All actions that the services write to the audit."""
    found: set[str] = set()
    for path in SERVICES.rglob("*.py"):
        for first in _WRITES.findall(path.read_text("utf-8")):
            found |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', first))
    return found


def test_what_is_noted_is_told_or_left_out_on_purpose() -> None:
    """Who adds an action decides here whether webhooks tell of it."""
    noted = _noted()
    assert len(noted) > 40, "the search finds no actions any more"
    assert noted - set(events.BY_ACTION) <= set(events.UNTOLD)


def test_no_kind_waits_for_an_action_that_nobody_notes() -> None:
    known = set(events.BY_ACTION) | events.UNTOLD
    assert known - _noted() <= TO_COME
    assert not set(events.UNTOLD) & set(events.BY_ACTION)


def test_each_kind_has_one_name_and_each_action_one_kind() -> None:
    assert len(events.BY_NAME) == len(events.KINDS)
    actions = [action for kind in events.KINDS for action in kind.actions]
    assert len(set(actions)) == len(actions)


def test_every_alert_and_every_mark_has_a_kind() -> None:
    assert set(events.OF_ALERT) == set(AlertKind)
    assert set(events.OF_QUOTA) == set(events.OF_CREDITS) == set(MarkLevel)


@pytest.mark.parametrize("kind", events.KINDS, ids=lambda kind: kind.name)
def test_each_kind_is_in_the_reference_with_what_it_tells(kind: events.Kind) -> None:
    page = Path(ROOT / "docs" / "reference" / "events.md").read_text("utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{kind.name}` ")]
    _, _, about, told, _ = (cell.strip() for cell in re.split(r"(?<!\\)\|", row))
    assert about == kind.about
    fields = [kind.thing] if kind.thing else []
    fields += [events.plain_name(field) for field in kind.fields]
    fields += ["changed"] if kind.tells_changed else []
    assert set(fields) <= set(re.findall(r"`(\w+)`", told))


def test_the_reference_tells_of_no_other_kind() -> None:
    page = Path(ROOT / "docs" / "reference" / "events.md").read_text("utf-8")
    told = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` ", page, re.MULTILINE)
    assert told == [kind.name for kind in events.KINDS]


def test_only_what_the_table_lists_is_taken_along() -> None:
    """A field that comes to a row later tells nobody anything unasked."""
    kind = events.BY_NAME["key.changed"]
    after = {"ends_at": 1_764_547_200_000_000, "metadata": {"pin": "1234"}, "digest": "x"}
    assert events.told_of(kind, {"ends_at": None, "metadata": {}}, after) == {
        "ends_at": "2025-12-01T00:00:00Z",
        "changed": ["digest", "ends_at", "metadata"],
    }


def test_an_id_is_called_what_it_is_the_id_of() -> None:
    told = events.told_of(
        events.BY_NAME["key.created"], {}, {"application_id": "app_1", "ends_at": None}
    )
    assert told == {"application": "app_1", "ends_at": None}


def test_an_event_is_sent_as_the_same_bytes_each_time() -> None:
    """The signature is over the bytes: a receiver may keep them."""
    event = Event(id="evt_1", organization_id="org_1", kind="a.b", at=0, data={"n": "ü"})
    told = '{"type":"a.b","timestamp":"1970-01-01T00:00:00Z","data":{"n":"ü"}}'
    assert events.body_of(event) == told.encode()

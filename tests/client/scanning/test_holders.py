import io
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from keyhouse.core.entities import KeyKind
from keyhouse_client.scanning import holders
from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted

if TYPE_CHECKING:
    from tests.client.conftest import Desk

KEY = {"id": "key_1", "name": "mine", "state": "active"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _environment(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYHOUSE_URL", desk.url)
    monkeypatch.setenv("KEYHOUSE_API_KEY", "kh_mk_secret")


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def say(line: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal(line))

    return say


def test_each_key_is_looked_up_once(outside: Repository, kh: Kh, desk: "Desk") -> None:
    ours, other = minted(), minted()
    outside.write("a", f"{ours}\n{other}\n{ours}")
    desk.say(200, KEY)
    desk.say(404, {"title": "Not found"})
    code, lines, _ = kh("--look-up")
    assert (code, lines) == (
        1,
        [
            f"a:1:1: server key {hint_of(ours)} (live), key_1 mine, active",
            f"a:2:1: server key {hint_of(other)} (live), not known here",
            f"a:3:1: server key {hint_of(ours)} (live), key_1 mine, active",
        ],
    )
    asked = [(each.path, each.body) for each in desk.asked]
    assert asked == [("/v1/keys/find", {"secret": text}) for text in (ours, other)]


def test_what_keyhouse_said_is_in_the_json(
    outside: Repository, kh: Kh, desk: "Desk"
) -> None:
    outside.write("a", f"{minted()}\n{minted()}")
    desk.say(200, KEY)
    desk.say(404, {"title": "Not found"})
    told = json.loads("\n".join(kh("--look-up", "--json")[1]))
    assert [each["key"] for each in told["findings"]] == [KEY, None]


def test_where_nothing_is_found_nobody_is_asked(
    outside: Repository, kh: Kh, desk: "Desk"
) -> None:
    assert kh("--look-up", "--revoke", "--yes")[0] == 0
    assert not desk.asked


def test_findings_are_told_though_keyhouse_is_away(
    outside: Repository, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside.write("a", minted())
    monkeypatch.setenv("KEYHOUSE_URL", "http://127.0.0.1:1")
    for arguments in (["--look-up"], ["--revoke", "--yes"]):
        code, lines, said = kh(*arguments)
        assert (code, len(lines)) == (3, 1)
        assert "127.0.0.1:1" in said


def test_findings_are_told_though_keyhouse_refuses(
    outside: Repository, kh: Kh, desk: "Desk"
) -> None:
    outside.write("a", minted())
    desk.say(403, {"title": "Forbidden"})
    code, lines, said = kh("--look-up", "--revoke", "--yes")
    assert (code, len(lines), len(desk.asked)) == (1, 1, 1)
    assert said.endswith("kh: 403 Forbidden\n")


def test_secrets_are_revoked_once_each_and_never_shown(
    outside: Repository, kh: Kh, desk: "Desk"
) -> None:
    secrets = [minted(), minted(KeyKind.MANAGEMENT)]
    outside.write("a", "\n".join([*secrets, *secrets]))
    for _ in secrets:
        desk.say(200, {"done": True})
    code, lines, said = kh("--revoke", "--yes")
    assert code == 1
    asked = [(each.path, each.body) for each in desk.asked]
    assert asked == [("/v1/secrets/revoke", {"secret": text}) for text in secrets]
    assert f"{hint_of(secrets[0])} is refused from now on" in said
    assert not any(text in "\n".join([*lines, said]) for text in secrets)


def test_a_person_is_asked_first(
    outside: Repository, kh: Kh, desk: "Desk", answered: Callable[[str], None]
) -> None:
    outside.write("a", minted())
    for answer in ("\n", "n\n", ""):
        answered(answer)
        code, _, said = kh("--revoke")
        assert code == 1
        assert "refuse these secrets (1)? [y/N]" in said
        assert "nothing was revoked" in said
    assert not desk.asked
    desk.say(200, {"done": True})
    answered("y\n")
    kh("--revoke")
    assert len(desk.asked) == 1


@pytest.mark.parametrize("arguments", [[], ["-"], ["--pre-push"]])
def test_where_nobody_can_be_asked_nothing_is_done(
    outside: Repository,
    kh: Kh,
    desk: "Desk",
    answered: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    outside.write("a", minted())
    answered("y\n")
    if not arguments:
        monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    code, lines, said = kh("--revoke", *arguments)
    assert (code, lines) == (2, [])
    assert "add --yes" in said
    assert not desk.asked


def test_publishable_keys_are_left_alone(outside: Repository, kh: Kh, desk: "Desk") -> None:
    """Everybody who sees their page holds them: Keyhouse would not revoke them."""
    outside.write("a", minted(KeyKind.PUBLISHABLE))
    _, _, said = kh("--revoke", "--yes", "--publishable")
    assert "publishable keys are not revoked" in said
    assert not desk.asked


def test_a_keyhouse_that_has_enough_is_asked_again(
    outside: Repository, kh: Kh, desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes 20 at once; a scan may have found more."""
    monkeypatch.setattr(holders, "PAUSE_SECONDS", 0)
    outside.write("a", minted())
    desk.say(429, {"title": "Too many"})
    desk.say(200, {"done": True})
    assert "is refused from now on" in kh("--revoke", "--yes")[2]
    for _ in range(holders.ATTEMPTS):
        desk.say(429, {"title": "Too many"})
    code, _, said = kh("--revoke", "--yes")
    assert code == 1
    assert "429 Too many" in said


def test_a_keyhouse_that_has_enough_is_asked_again_whose_a_key_is(
    outside: Repository, kh: Kh, desk: "Desk", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holders, "PAUSE_SECONDS", 0)
    outside.write("a", minted())
    desk.say(429, {"title": "Too many"})
    desk.say(200, KEY)
    code, (line,), _ = kh("--look-up")
    assert (code, line.rpartition(", key_1")[2]) == (1, " mine, active")
    desk.say(429, {"title": "Too many"})
    desk.say(404, {"title": "Not found"})
    assert kh("--look-up")[1][0].endswith("not known here")
    for _ in range(holders.ATTEMPTS):
        desk.say(429, {"title": "Too many"})
    code, lines, said = kh("--look-up")
    assert (code, len(lines)) == (1, 1)
    assert "429 Too many" in said

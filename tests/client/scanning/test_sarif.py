import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest

from keyhouse.core.entities import KeyKind
from tests.client.scanning.conftest import Kh, Repository
from tests.client.scanning.minted import hint_of, minted


def run_of(text: str) -> Any:
    log = json.loads(text)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    return run


def test_each_place_is_a_result_of_its_rule(repository: Repository, kh: Kh) -> None:
    secrets = {name: minted(kind) for name, kind in zip("abc", KeyKind, strict=True)}
    repository.commit(**{name: f"\n {text}" for name, text in secrets.items()})
    code, lines, _ = kh("--sarif", "-", "--publishable")
    run = run_of("\n".join(lines))
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == 3
    assert (code, len(run["results"])) == (1, 3)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
        (location,) = result["locations"]
        place = location["physicalLocation"]
        name = place["artifactLocation"]["uri"]
        assert place["region"] == {"startLine": 2, "startColumn": 2}
        assert hint_of(secrets[name]) in result["message"]["text"]
        assert result["partialFingerprints"]
    assert run["invocations"][0]["executionSuccessful"] is True
    assert not any(text in "\n".join(lines) for text in secrets.values())


def test_addresses_are_relative_and_lead_to_the_file(
    repository: Repository, kh: Kh
) -> None:
    names = [b"a b#c?d%.py", b"c:\\x", "ключ".encode(), b"not-utf8-\xff", b"in/side"]
    for name in names:
        repository.write(name, minted())
    _, lines, _ = kh("--sarif", "-", str(repository.top))
    found = set()
    for result in run_of("\n".join(lines))["results"]:
        place = result["locations"][0]["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        parts = urlsplit(uri)
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("",) * 4
        assert uri.isascii()
        found.add(unquote_to_bytes(uri))
    assert found == set(names)


def test_a_file_is_written_beside_what_people_read(
    repository: Repository, kh: Kh, tmp_path: Path
) -> None:
    repository.commit(a=minted())
    out = tmp_path / "log.sarif"
    code, lines, _ = kh("--history", "--sarif", str(out))
    assert (code, len(lines)) == (1, 1)
    (result,) = run_of(out.read_text())["results"]
    assert repository.git("rev-parse", "HEAD") in result["message"]["text"]


def test_a_gap_is_told(repository: Repository, kh: Kh) -> None:
    code, lines, _ = kh("--sarif", "-", "nowhere")
    (invocation,) = run_of("\n".join(lines))["invocations"]
    assert (code, invocation["executionSuccessful"]) == (2, False)
    (told,) = invocation["toolExecutionNotifications"]
    assert told["message"]["text"] == "nowhere: No such file or directory"


def test_where_it_can_not_be_written_is_wrong_use(repository: Repository, kh: Kh) -> None:
    code, _, said = kh("--sarif", "nowhere/log")
    assert (code, said) == (2, "kh: --sarif nowhere/log: No such file or directory\n")


@pytest.mark.parametrize("mode", ["files", "--staged", "--history"])
def test_what_paths_are_relative_to_is_told(
    repository: Repository, kh: Kh, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells them from the top, wherever the scan was started."""
    repository.write("in side/a", minted())
    repository.git("add", "--all")
    if mode == "--history":
        repository.git("commit", "--quiet", "-m", "x")
    monkeypatch.chdir(repository.top / "in side")
    _, lines, _ = kh("--sarif", "-", *([] if mode == "files" else [mode]))
    run = run_of("\n".join(lines))
    ((name, base),) = run["originalUriBaseIds"].items()
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uriBaseId"] == name
    address = urljoin(base["uri"], place["uri"])
    assert address == (repository.top / "in side/a").as_uri()


def test_where_no_files_are_paths_are_relative_to_nothing(
    repository: Repository, kh: Kh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(a=minted())
    repository.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare"))
    monkeypatch.chdir(tmp_path / "bare")
    run = run_of("\n".join(kh("--history", "--sarif", "-")[1]))
    assert "originalUriBaseIds" not in run
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a"}


def test_a_secret_in_the_name_of_the_folder_is_not_shown(
    tmp_path: Path, kh: Kh, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = minted()
    folder = tmp_path / secret
    folder.mkdir()
    (folder / "a").write_text(minted())
    monkeypatch.chdir(folder)
    code, lines, _ = kh("--sarif", "-")
    assert code == 1
    assert secret not in "\n".join(lines)

"""What was found as SARIF 2.1.0, which services for code scanning take (OASIS)."""

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from keyhouse_client.scanning.scan import Finding, Scan, plain
from keyhouse_client.scanning.shape import KINDS, without_secrets
from keyhouse_client.scanning.text import described

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE: Final = "%SRCROOT%"
"""What services take for the top of a repository's files."""
_RULES: Final = tuple(KINDS.values())


def as_sarif(scan: Scan, base: Path | None) -> dict[str, Any]:
    """The log of one run: a rule for each kind of key, a result for each place.

    Paths are relative to `base`, an absolute path, which the log tells too; None where
    there is no folder that they are in. No secret is in it.
    """
    run: dict[str, Any] = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(scan)],
        "results": [_result(finding, base) for finding in scan.findings],
    }
    if base:
        shown = Path(without_secrets(str(base)))
        run["originalUriBaseIds"] = {_BASE: {"uri": f"{shown.as_uri().rstrip('/')}/"}}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver() -> dict[str, Any]:
    return {
        "name": "kh scan",
        "semanticVersion": version("keyhouse-client"),
        "rules": [_rule(kind) for kind in _RULES],
    }


def _rule(kind: str) -> dict[str, Any]:
    return {
        "id": _rule_id(kind),
        "name": f"Leaked{kind.capitalize()}Key",
        "shortDescription": {"text": f"A {kind} key of Keyhouse stands here"},
        "help": {
            "text": "Replace the key, then take it out. Taking it out of a commit does "
            "not un-leak it."
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["security"], "security-severity": "9.0"},
    }


def _rule_id(kind: str) -> str:
    return f"keyhouse-{kind}-key"


def _invocation(scan: Scan) -> dict[str, Any]:
    unread = [
        {
            "level": "error",
            "message": {"text": f"{plain(each.path)}: {plain(each.reason)}"},
        }
        for each in scan.unread
    ]
    return {"executionSuccessful": not unread, "toolExecutionNotifications": unread}


def _result(finding: Finding, base: Path | None) -> dict[str, Any]:
    secret = finding.secret
    since = f", since commit {finding.commit}" if finding.commit else ""
    result: dict[str, Any] = {
        "ruleId": _rule_id(secret.kind),
        "ruleIndex": _RULES.index(secret.kind),
        "level": "error",
        "message": {"text": f"{described(secret)}{since}"},
        "locations": [{"physicalLocation": _location(finding, base)}],
        # A service knows by it that a finding was there before, though lines moved.
        "partialFingerprints": {
            "keyhouseSecret/v1": f"{secret.fingerprint}:{plain(finding.path)}"
        },
    }
    return result


def _location(finding: Finding, base: Path | None) -> dict[str, Any]:
    return {
        "artifactLocation": _artifact(finding.path, base),
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }


def _artifact(path: str, base: Path | None) -> dict[str, str]:
    """A path as a reference (RFC 3986): its bytes, percent-encoded.

    What is absolute and below `base` is told from there.
    """
    if base and Path(path).is_relative_to(base):
        path = str(Path(path).relative_to(base))
    shown = without_secrets(path).replace(os.sep, "/")
    uri = quote(os.fsencode(shown), safe="/")
    if shown.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": _BASE} if base else {"uri": uri}

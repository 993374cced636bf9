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
_RULES: Final = tuple(KINDS.values())


def as_sarif(scan: Scan) -> dict[str, Any]:
    """The log of one run: a rule for each kind of key, a result for each place.

    Paths are relative to where the scan was started. No secret is in it.
    """
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "columnKind": "unicodeCodePoints",
                "invocations": [_invocation(scan)],
                "results": [_result(finding) for finding in scan.findings],
            }
        ],
    }


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


def _result(finding: Finding) -> dict[str, Any]:
    secret = finding.secret
    since = f", since commit {finding.commit}" if finding.commit else ""
    result: dict[str, Any] = {
        "ruleId": _rule_id(secret.kind),
        "ruleIndex": _RULES.index(secret.kind),
        "level": "error",
        "message": {"text": f"{described(secret)}{since}"},
        "locations": [{"physicalLocation": _location(finding)}],
        # A service knows by it that a finding was there before, though lines moved.
        "partialFingerprints": {
            "keyhouseSecret/v1": f"{secret.fingerprint}:{plain(finding.path)}"
        },
    }
    return result


def _location(finding: Finding) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": _uri(finding.path)},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }


def _uri(path: str) -> str:
    """A path as a relative reference (RFC 3986): its bytes, percent-encoded.

    What is absolute and below the current folder is told from there.
    """
    absolute = Path(path)
    if absolute.is_relative_to(Path.cwd()):
        path = str(absolute.relative_to(Path.cwd()))
    shown = without_secrets(path).replace(os.sep, "/")
    uri = quote(os.fsencode(shown), safe="/")
    return f"file://{uri}" if shown.startswith("/") else uri

"""What was found, for people, and as JSON for programs."""

from collections.abc import Iterator, Mapping
from typing import Any

from keyhouse_client.scanning.history import SHORT
from keyhouse_client.scanning.holders import Holders
from keyhouse_client.scanning.scan import Finding, Scan, on_a_line, plain
from keyhouse_client.scanning.shape import LeakedSecret


def as_line(finding: Finding, holders: Holders) -> str:
    """`path:line:column: server key kh_sk_live_…k9Qa (live)`, and what else is known."""
    secret = finding.secret
    where = f"{on_a_line(finding.path)}:{finding.line}:{finding.column}"
    told = f"{where}: {described(secret)}{_held(secret, holders)}"
    if finding.commit:
        day = f" of {finding.committed_at[:10]}" if finding.committed_at else ""
        told += f", since commit {finding.commit[:SHORT]}{day}"
    return told


def described(secret: LeakedSecret) -> str:
    """A secret in words, without itself."""
    environment = f" ({secret.environment})" if secret.environment else ""
    return f"{secret.kind} key {secret.hint}{environment}"


def summary(scan: Scan) -> Iterator[str]:
    """How much was found, and the mend."""
    looked = _count(scan.files, "file")
    if not scan.findings:
        yield f"no key in {looked}"
        return
    places = _count(len(scan.findings), "place")
    yield f"{places} of {_count(len(scan.secrets), 'key')} in {looked}"
    yield (
        "Replace each key, then take it out: its place is the environment, or a file "
        "that is not committed."
    )
    if any(finding.commit for finding in scan.findings):
        yield (
            "Taking a key out of a commit does not un-leak it: whoever has fetched or "
            "read it may use it until it is revoked."
        )


def as_json(scan: Scan, holders: Holders) -> dict[str, Any]:
    """The same for programs. No secret is in it."""
    return {
        "findings": [_fields(finding, holders) for finding in scan.findings],
        "scanned": {"files": scan.files, "bytes": scan.bytes},
        "unread": [
            {"path": plain(each.path), "reason": plain(each.reason)} for each in scan.unread
        ],
    }


def _fields(finding: Finding, holders: Holders) -> Mapping[str, Any]:
    secret = finding.secret
    fields: dict[str, Any] = {
        "path": plain(finding.path),
        "line": finding.line,
        "column": finding.column,
        "kind": secret.kind,
        "environment": secret.environment,
        "prefix": secret.prefix,
        "hint": secret.hint,
        "fingerprint": secret.fingerprint,
        "commit": finding.commit,
        "committed_at": finding.committed_at,
    }
    if secret in holders:
        holder = holders.of(secret)
        fields["key"] = holder._asdict() if holder else None
    return fields


def _held(secret: LeakedSecret, holders: Holders) -> str:
    if secret not in holders:
        return ""
    holder = holders.of(secret)
    if holder is None:
        return ", not known here"
    return f", {holder.id} {on_a_line(holder.name)}, {holder.state}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

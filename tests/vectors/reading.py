"""Reads the vectors into rows and steps."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from keyhouse.core import entities as rows
from keyhouse.core.addresses import UNKNOWN, parse_address
from keyhouse.core.credentials import choose
from keyhouse.core.request import Request
from keyhouse.core.secret import ALGORITHM, digest
from keyhouse.core.verdict import Verdict

_FILE = Path(__file__).with_name("decide.json")
_TABLES: dict[str, type[Any]] = {
    "organizations": rows.Organization,
    "projects": rows.Project,
    "applications": rows.Application,
    "apis": rows.Api,
    "routes": rows.Route,
    "keys": rows.Key,
    "access": rows.Access,
}
_ENUMS: dict[str, type[Any]] = {
    "kind": rows.KeyKind,
    "environment": rows.Environment,
    "resource": rows.Resource,
}
_MEANINGLESS = {"created_at": 0, "updated_at": 0, "created_by": "vectors"}
T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """One request at one moment, and what it must come to."""

    at_us: int
    request: dict[str, Any]
    expect: dict[str, Any]


@dataclass(frozen=True)
class World:
    """All rows, and the secrets in clear text by name."""

    tables: dict[type[Any], list[Any]]
    secrets: dict[str, bytes]

    def all(self, kind: type[T]) -> list[T]:
        """The rows of one class."""
        return self.tables.get(kind, [])


def cases() -> Iterator[tuple[str, list[Step]]]:
    """Name and steps of every case."""
    for case in _read()["cases"]:
        yield case["name"], [Step(**step) for step in case["steps"]]


def world(pepper_id: str, pepper: bytes) -> World:
    """The rows, secrets hashed with the given pepper."""
    tables: dict[type[Any], list[Any]] = {}
    secrets: dict[str, bytes] = {}
    for table, kind in _TABLES.items():
        for given in _read()["world"][table]:
            row = dict(given)
            for secret in row.pop("secrets", ()):
                text = secret["text"].encode()
                secrets[secret["name"]] = text
                made = _secret(row["id"], secret, pepper_id, digest(text, pepper))
                tables.setdefault(rows.SecretRow, []).append(made)
            tables.setdefault(kind, []).append(_row(kind, row))
    return World(tables, secrets)


def request(step: Step, secrets: dict[str, bytes]) -> tuple[Request, Verdict | None]:
    """The request as a door builds it, and the refusal if credentials clash."""
    told = dict(step.request)
    given = {
        place: value.format(**{name: text.decode() for name, text in secrets.items()})
        for place, value in told.pop("credentials").items()
    }
    values = {place: value.encode() for place, value in given.items()}
    chosen = choose(
        values.get("key_header"), values.get("authorization"), values.get("parameter")
    )
    address = told.pop("address", None)
    told["address"] = UNKNOWN if address is None else parse_address(address)
    told["scopes"] = tuple(told.get("scopes", ()))
    return Request(chosen.secret, **told), chosen.refusal


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text("utf-8"))
    if found["format"] != 1:
        raise ValueError("vectors of another format")
    return found


def _row(kind: type[Any], given: dict[str, Any]) -> object:
    names = {field.name for field in fields(kind)}
    row = {name: value for name, value in _MEANINGLESS.items() if name in names}
    row |= {name: _value(name, value) for name, value in given.items()}
    if kind is rows.Access:
        row["id"] = f"{given['key_id']}/{given['resource_id']}"
    return kind(**row)


def _value(name: str, value: Any) -> Any:
    if name == "limits":
        return tuple(_limit(limit) for limit in value)
    if name == "restrictions":
        return rows.Restrictions(**{kind: tuple(all_) for kind, all_ in value.items()})
    if name in _ENUMS and value is not None:
        return _ENUMS[name](value)
    return tuple(value) if isinstance(value, list) else value


def _limit(given: dict[str, Any]) -> rows.Limit:
    limit = given | {"kind": rows.LimitKind(given["kind"])}
    if "window" in limit:
        limit["window"] = rows.Window(limit["window"])
    return rows.Limit(**limit)


def _secret(
    key_id: str, given: dict[str, Any], pepper_id: str, digest_: bytes
) -> rows.SecretRow:
    return rows.SecretRow(
        id=f"sec_{given['name']:0<22}",
        key_id=key_id,
        version=given["version"],
        namespace="",
        algorithm=ALGORITHM,
        pepper_id=pepper_id,
        digest=digest_,
        hint="",
        starts_at=given["starts_at"],
        ends_at=given.get("ends_at"),
        revoked_at=given.get("revoked_at"),
        created_by="vectors",
        created_at=0,
    )

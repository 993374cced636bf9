"""A row says what its key is to be, or what of it cannot be, field by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyhouse.core.entities import (
    Environment,
    ImportAccess,
    ImportEffect,
    ImportFormat,
    LimitKind,
    Window,
)
from keyhouse.core.imports import ImportRow, RawRow, read_row
from keyhouse.core.imports.files import COLUMNS

STRING = "old.9f8e7d6c5b4a39281706f5e4d3c2b1a0"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=6,
)


def _zone(name: str) -> bool:
    return name in ("UTC", "Europe/Berlin")


def read(form: ImportFormat = ImportFormat.JSON, **values: Any) -> Any:
    return read_row(form, RawRow(7, values), _zone)


def faults(**values: Any) -> list[tuple[str, str]]:
    given = {"name": "A", "secret": STRING, **values}
    found = read(**{name: value for name, value in given.items() if value is not ...})
    assert isinstance(found, list), found
    assert all(one.line == 7 and one.effect is ImportEffect.SKIPPED for one in found)
    return [(one.field, one.reason) for one in found]


def test_a_row_of_json_is_read_as_the_api_takes_it() -> None:
    row = read(
        name="A",
        secret=STRING,
        environment="test",
        access=[{"api": "weather", "scopes": ["a:b"], "roles": ["reader"]}],
        enabled=False,
        ends_at="2030-01-01T00:00:00Z",
        limits=[
            {"name": "r", "rate": 5, "period_seconds": 60, "burst": 2},
            {"name": "q", "quota": 9, "window": "day", "zone": "Europe/Berlin"},
        ],
        metadata={"tier": "gold"},
    )
    assert isinstance(row, ImportRow)
    assert row.access == (ImportAccess(api="weather", scopes=("a:b",), roles=("reader",)),)
    assert (row.environment, row.enabled) == (Environment.TEST, False)
    assert [limit.kind for limit in row.limits] == [LimitKind.RATE, LimitKind.QUOTA]
    assert row.limits[1].window is Window.DAY
    assert row.metadata == {"tier": "gold"}
    assert STRING not in repr(row)


def test_a_hash_says_its_algorithm_or_is_sha256() -> None:
    row = read(name="A", hash="ab" * 32)
    assert (row.algorithm, row.digest, row.string) == ("sha256", b"\xab" * 32, None)
    assert read(name="A", hash="ab" * 64, algorithm="SHA-512").algorithm == "sha512"
    assert "ab" * 16 not in repr(row).replace("\\x", "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ...}, "name"),
        ({"name": " A"}, "name"),
        ({"name": 5}, "name"),
        ({"secret": ...}, "secret"),
        ({"secret": "short"}, "secret"),
        ({"secret": "x" * 129}, "secret"),
        ({"secret": "with a space in its middle"}, "secret"),
        ({"secret": "comma,comma,comma,comma"}, "secret"),
        ({"secret": "nicht-äußerlich-lesbar"}, "secret"),
        ({"secret": "kh_sk_test_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17"}, "secret"),
        ({"hash": "ab" * 32}, "hash"),
        ({"secret": ..., "hash": "zz" * 32}, "hash"),
        ({"secret": ..., "hash": "ab" * 31}, "hash"),
        ({"secret": ..., "hash": "ab" * 32, "algorithm": "md5"}, "algorithm"),
        ({"secret": ..., "hash": "ab" * 32, "algorithm": "sha512"}, "hash"),
        ({"algorithm": "sha256"}, "algorithm"),
        ({"environment": "staging"}, "environment"),
        ({"enabled": "maybe"}, "enabled"),
        ({"enabled": 1}, "enabled"),
        ({"ends_at": "yesterday"}, "ends_at"),
        ({"ends_at": 5}, "ends_at"),
        ({"access": [{"api": 5}]}, "access"),
        ({"access": [{"api": "a", "other": 1}]}, "access"),
        ({"access": {"api": "a"}}, "access"),
        ({"limits": "fast"}, "limits"),
        ({"limits": [{"name": "r", "rate": True, "period_seconds": 1}]}, "limits"),
        ({"limits": "r=5/60; r=5/60"}, "limits.1.name"),
        ({"limits": "q=5/day@Nowhere"}, "limits.0.zone"),
        ({"metadata": "[1]"}, "metadata"),
        ({"metadata": "{"}, "metadata"),
        ({"metadata": "[" * 100_000}, "metadata"),
        ({"metadata": {"a": "\0"}}, "metadata"),
        ({"application": "\n"}, "application"),
        ({"external_id": "x" * 256}, "external_id"),
        ({"external_id": "a\0b"}, "external_id"),
        ({"colour": "red"}, "row"),
    ],
)
def test_what_cannot_be_is_told_by_its_field(values: dict[str, Any], field: str) -> None:
    assert [name for name, _ in faults(**values)] == [field]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    told = faults(secret="short", enabled="maybe", environment="staging")
    assert {name for name, _ in told} == {"secret", "enabled", "environment"}


@given(st.dictionaries(st.sampled_from(COLUMNS), JSON_VALUES))
def test_whatever_a_row_holds_it_is_a_key_or_a_list_of_faults(
    values: dict[str, Any],
) -> None:
    found = read(**values)
    assert isinstance(found, ImportRow) or (found and all(one.mend for one in found))


@given(
    st.dictionaries(st.sampled_from(("name", "key", "enabled", "usageplanids")), st.text())
)
def test_whatever_a_row_of_aws_holds_too(values: dict[str, str]) -> None:
    found = read(ImportFormat.AWS, **values)
    assert isinstance(found, ImportRow) or (found and all(one.mend for one in found))

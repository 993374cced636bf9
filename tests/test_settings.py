"""Settings that are wrong stop the start, by name."""

from pathlib import Path
from typing import Any

import pytest

from keyhouse import settings
from keyhouse.adapters.database.engine import create_engine
from keyhouse.settings import STALE_SECONDS_MAX, SettingsError


def _load(**flags: Any) -> settings.Settings:
    return settings.load({name.replace("__", "."): of for name, of in flags.items()}, {})


@pytest.mark.parametrize(
    "url",
    ["", "smtp://mail", "smtp://a:b@mail.example:587", "smtps://a%40b:c%3A@[::1]:465/"],
)
def test_a_mail_server_is_named_by_its_address(url: str) -> None:
    assert _load(mail__url=url).mail.url == url


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail",
        "smtp://",
        "smtp://mail:x",
        "smtp://mail/path",
        "smtp://geheim@",
        "smtp://mail?tls=off",
    ],
)
def test_any_other_address_is_refused_and_not_repeated(url: str) -> None:
    """It may hold a password, and the error goes to a terminal or a log."""
    with pytest.raises(SettingsError, match=r"^mail\.url \(from flags\)") as refused:
        _load(mail__url=url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("usage.minute_retention_hours", 36_500 * 24),
        ("usage.quarter_hour_retention_days", 36_500),
        ("usage.retention_days", 36_500),
        ("usage.month_retention_years", 1000),
        ("usage.observed_retention_days", 36_500),
        ("requests.retention_days", 36_500),
        ("webhooks.retention_days", 36_500),
    ],
)
def test_nothing_is_kept_beyond_the_times_that_a_database_holds(
    name: str, most: int
) -> None:
    settings.load({name: most}, {})
    with pytest.raises(SettingsError, match=rf"^{name} \(from flags\)"):
        settings.load({name: most + 1}, {})


@pytest.mark.parametrize("value", ["86401", "1e13", "inf", "nan", "-1"])
def test_how_long_a_database_may_be_away_has_a_bound(value: str) -> None:
    """A node that is silent for longer is forgotten, and no change waits for it."""
    longest = _load(cache__stale_seconds_max="86400")
    assert longest.cache.stale_seconds_max == STALE_SECONDS_MAX == 86_400
    with pytest.raises(SettingsError, match=r"^cache\.stale_seconds_max \(from flags\)"):
        _load(cache__stale_seconds_max=value)


def test_a_value_in_a_sections_place_is_told_whatever_else_names_the_section(
    tmp_path: Path,
) -> None:
    file = tmp_path / "keyhouse.toml"
    file.write_text('gateway = "x"\n')
    environ = {"KEYHOUSE_GATEWAY__LISTEN": "127.0.0.1:1"}
    with pytest.raises(SettingsError, match=r"^gateway \(from .*keyhouse\.toml\)"):
        settings.load({"gateway.workers": "2"}, environ, file)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite:////var/lib/keyhouse/keyhouse.db",
        "sqlite:///keyhouse.db",
        "postgresql://db/keyhouse",
        "postgres://me@db:5432/keyhouse?sslmode=require",
        "postgresql+psycopg://me:a/b:c?d@[::1]:5432/keyhouse",
        "postgresql://me@/keyhouse?host=/run/postgresql&port=5433",
        "postgresql://db?user=me&password=a@b",
    ],
)
def test_a_database_is_named_by_its_address(url: str) -> None:
    loaded = _load(data__database_url=url)
    assert loaded.data.database_url == url
    create_engine(loaded.database_url).dispose()


@pytest.mark.parametrize(
    "url",
    [
        "keyhouse.db",
        "mysql://me:geheim@db/keyhouse",
        "postgresql://me:geheim@db:543x/keyhouse",
        "postgresql://me:geheim@db:99999/keyhouse",
        "postgresql:/me:geheim@db/keyhouse",
        "sqlite://",
        "sqlite://keyhouse.db",
        "sqlite:///:memory:",
    ],
)
def test_any_other_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match=r"^data\.database_url \(from") as refused:
        _load(data__database_url=url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("sender", ["keys@example.com", "Keys <keys@example.com>"])
def test_mails_are_from_one_address(sender: str) -> None:
    assert _load(mail__sender=sender).mail.sender == sender


@pytest.mark.parametrize("sender", ["", "Keys", "Keys <keys@example.com>\nBcc: x@y"])
def test_any_other_sender_is_refused(sender: str) -> None:
    with pytest.raises(SettingsError, match=r"^mail\.sender"):
        _load(mail__sender=sender)


def test_a_list_is_written_alike_on_the_line_and_in_the_environment() -> None:
    text = '["127.0.0.0/8", "10.0.0.0/8"]'
    typed = _load(gateway__trusted_proxies=text)
    told = settings.load({}, {"KEYHOUSE_GATEWAY__TRUSTED_PROXIES": text})
    assert typed == told
    assert len(typed.gateway.trusted_proxies) == 2
    with pytest.raises(SettingsError, match=r"^gateway\.trusted_proxies \(from flags\)"):
        _load(gateway__trusted_proxies='["127.0.0.0/8"')


def test_sign_up_is_one_of_three() -> None:
    assert _load().management.sign_up == "closed"
    assert _load(management__sign_up="open").management.sign_up == "open"
    with pytest.raises(SettingsError, match=r"^management\.sign_up"):
        _load(management__sign_up="sometimes")


@pytest.mark.parametrize(
    ("sign_up", "chosen", "private"),
    [
        ("closed", "auto", True),
        ("invited", "auto", True),
        ("open", "auto", False),
        ("open", "true", True),
        ("open", True, True),
        ("closed", "false", False),
    ],
)
def test_where_anybody_may_sign_up_upstreams_are_public_unless_said_otherwise(
    sign_up: str, chosen: object, private: bool
) -> None:
    loaded = _load(management__sign_up=sign_up, gateway__upstream_private=chosen)
    assert loaded.upstream_private is private
    loaded = _load(management__sign_up=sign_up, webhooks__private=chosen)
    assert loaded.webhook_private is private


def test_names_of_keyhouse_itself_are_those_it_is_reached_by() -> None:
    loaded = _load(
        gateway__public_url="https://Gateway.example.com:8443/",
        gateway__own_hosts=["gw.internal"],
        management__listen="manage:8000",
    )
    wanted = {"localhost", "gateway.example.com", "gw.internal", "manage"}
    assert loaded.own_hosts == wanted


@pytest.mark.parametrize("host", ["GW.internal", "gw.internal:80", "10.0.0.1", "", "*.a.b"])
def test_an_own_host_that_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match=r"gateway\.own_hosts"):
        _load(gateway__own_hosts=[host])


@pytest.mark.parametrize(
    ("sign_up", "named", "admitted"),
    [
        ("closed", [], {"org_1", "org_2"}),
        ("invited", [], set()),
        ("open", [], set()),
        ("open", ["org_1"], {"org_1"}),
        ("closed", ["org_1"], {"org_1"}),
    ],
)
def test_metrics_are_for_the_operators_organizations(
    sign_up: str, named: list[str], admitted: set[str]
) -> None:
    """A tenant that signed up must not see how all others are doing."""
    loaded = _load(management__sign_up=sign_up, metrics__organizations=named)
    assert {one for one in ("org_1", "org_2") if loaded.admits_to_metrics(one)} == admitted


def test_metrics_have_a_listener_of_their_own_where_one_is_named() -> None:
    assert _load().metrics.address is None
    assert _load(metrics__listen="[::1]:9100").metrics.address == ("::1", 9100)
    for wrong in ("9100", "host:", ":9100", "host:99999"):
        with pytest.raises(settings.SettingsError, match=r"metrics\.listen"):
            _load(metrics__listen=wrong)

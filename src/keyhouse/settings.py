"""One frozen tree of settings. `settings.default.toml` beside it is the defaults.

Sources in rising order: the defaults, `keyhouse.toml`, the environment
(`KEYHOUSE_GATEWAY__LISTEN`), flags.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from email.utils import parseaddr
from importlib.resources import files
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from keyhouse.core.hosts import read_host
from keyhouse.core.validation import check_email

ENVIRONMENT_PREFIX = "KEYHOUSE_"
FILE_VARIABLE = "KEYHOUSE_CONFIG"
FILE_NAME = "keyhouse.toml"
HUNG_SECONDS_LEAST = 2
"""Below that a process that only has much to do would be taken for one that hangs."""

KEPT_DAYS_MAX = 36_500
"""A hundred years: for ever, and a time that every database can hold."""

STALE_SECONDS_MAX = 86_400
"""A day: a node that may answer for so long without the database is still waited for

by who asks whether a change is in force (`services.upkeep.commands.NODE_DAYS`).
"""

PORT_MAX = 65_535
_DATABASE = re.compile(
    r"sqlite(\+\w+)?:///(?!:memory:)[^?]+(\?.*)?"
    r"|postgres(ql)?(\+\w+)?://([^:/@]*(:[^@]*)?@)?(\[[^\]/?]+\]|[^/:?@]*)"
    r"(:(?P<port>[0-9]*))?([/?].*)?"
)
"""Whatever a password holds: it need not be escaped but for an @."""


class SettingsError(Exception):
    """A setting is wrong; the text names it, the reason and where it came from."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(_Section):
    """Where everything is kept."""

    dir: Path
    database_url: str
    counters_url: str

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        found = _DATABASE.fullmatch(value)
        if value and (found is None or int(found["port"] or 0) > PORT_MAX):
            raise ValueError(
                "is postgresql://user:password@host:5432/name, "
                "sqlite:////path/to/keyhouse.db or ''"
            )
        return value


class Secrets(_Section):
    """How secrets look and where the keyring is."""

    prefix: str = Field(pattern=r"^[a-z][a-z0-9]{1,15}$")
    pepper_file: str


def _checked_listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > PORT_MAX:
        raise ValueError("is host:port, as 127.0.0.1:8080 or [::1]:8080")
    return value


class _Listener(_Section):
    listen: str
    public_url: str
    trusted_proxies: tuple[str, ...]

    @field_validator("listen")
    @classmethod
    def _host_and_port(cls, value: str) -> str:
        return _checked_listen(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            ip_network(text)
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host (without brackets) and port."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def url(self) -> str:
        """The address that others use, without a slash at its end."""
        return self.public_url.rstrip("/") or f"http://{self.listen}"


class Gateway(_Listener):
    """The data plane's door."""

    own_hosts: tuple[str, ...]
    require_tls: bool
    upstream_private: bool | Literal["auto"]
    upstream_private_for: tuple[str, ...]
    head_bytes_max: int = Field(ge=1024, le=1 << 20)
    body_bytes_max: int = Field(ge=0)
    head_seconds_max: float = Field(gt=0)
    idle_seconds_max: float = Field(gt=0)
    upstream_seconds_max: float = Field(gt=0)
    connections_max: int = Field(ge=1)
    workers: int = Field(ge=1, le=64)
    hung_seconds_max: float = Field(ge=0)

    @field_validator("hung_seconds_max")
    @classmethod
    def _off_or_some_beats(cls, value: float) -> float:
        if 0 < value < HUNG_SECONDS_LEAST:
            raise ValueError(f"is 0, which turns it off, or at least {HUNG_SECONDS_LEAST}")
        return value

    @field_validator("own_hosts")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(read_host(text) != text for text in value):
            raise ValueError("are names in lower case, as gateway.example.com")
        return value


class Management(_Listener):
    """The control plane's door."""

    sign_up: Literal["closed", "invited", "open"]


class Mail(_Section):
    """How people are written to."""

    url: str
    sender: str

    @field_validator("url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("is smtp://user:password@host:587, smtps://… or ''")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("ends after the host and its port")
        _ = parts.port  # raises ValueError where it is none
        return value

    @field_validator("sender")
    @classmethod
    def _one_address(cls, value: str) -> str:
        _, address = parseaddr(value)
        if check_email("sender", address) or not value.isprintable():
            raise ValueError("is a mail address, as Keyhouse <keyhouse@example.com>")
        return value


class Limits(_Section):
    """How limits are counted."""

    on_outage: Literal["local", "open", "closed"]


class Cache(_Section):
    """What the data plane holds in memory."""

    keys_max: int = Field(ge=1)
    bytes_max: int = Field(ge=1 << 20)
    stale_seconds_max: float = Field(ge=0, le=STALE_SECONDS_MAX)


class Retention(_Section):
    """How long something is kept."""

    retention_days: int = Field(ge=0, le=KEPT_DAYS_MAX)


class Usage(Retention):
    """How long what was counted is kept, by how finely it tells."""

    minute_retention_hours: int = Field(ge=48, le=KEPT_DAYS_MAX * 24)
    quarter_hour_retention_days: int = Field(ge=2, le=KEPT_DAYS_MAX)
    month_retention_years: int = Field(ge=0, le=1000)
    observed_retention_days: int = Field(ge=0, le=KEPT_DAYS_MAX)


class Webhooks(_Section):
    """Whom events are sent to, and how long what was sent is kept."""

    private: bool | Literal["auto"]
    retention_days: int = Field(ge=2, le=KEPT_DAYS_MAX)


class Metrics(_Section):
    """What is measured, and who may read it."""

    listen: str
    organizations: tuple[str, ...]

    @field_validator("listen")
    @classmethod
    def _none_or_host_and_port(cls, value: str) -> str:
        return value and _checked_listen(value)

    @property
    def address(self) -> tuple[str, int] | None:
        """Host (without brackets) and port; None where nobody listens."""
        host, _, port = self.listen.rpartition(":")
        return (host.strip("[]"), int(port)) if self.listen else None


class Log(_Section):
    """What is told of the running."""

    level: Literal["debug", "info", "warning", "error"]
    format: Literal["text", "json"]


class Settings(_Section):
    """All settings."""

    data: Data
    secrets: Secrets
    gateway: Gateway
    management: Management
    mail: Mail
    limits: Limits
    cache: Cache
    usage: Usage
    requests: Retention
    webhooks: Webhooks
    metrics: Metrics
    log: Log

    @property
    def database_url(self) -> str:
        """The database's address for SQLAlchemy."""
        url = self.data.database_url
        if not url:
            return f"sqlite:///{self.data.dir / 'keyhouse.db'}"
        scheme, _, rest = url.partition("://")
        return (
            f"postgresql+psycopg://{rest}" if scheme in ("postgres", "postgresql") else url
        )

    @property
    def own_hosts(self) -> frozenset[str]:
        """The names of Keyhouse itself, by which no API is found."""
        listeners: tuple[_Listener, ...] = (self.gateway, self.management)
        urls = [f"//{one.listen}" for one in listeners] + [one.url for one in listeners]
        named = [read_host(urlsplit(url).hostname or "") for url in urls]
        return frozenset({"localhost", *self.gateway.own_hosts, *filter(None, named)})

    @property
    def upstream_private(self) -> bool:
        """Whether everybody's upstreams may be private addresses."""
        chosen = self.gateway.upstream_private
        return self.management.sign_up != "open" if chosen == "auto" else chosen

    @property
    def webhook_private(self) -> bool:
        """Whether events may be sent to private addresses."""
        chosen = self.webhooks.private
        return self.management.sign_up != "open" if chosen == "auto" else chosen

    @property
    def keyring_path(self) -> Path:
        """The file of the keyring."""
        return Path(self.secrets.pepper_file or self.data.dir / "keyring.json")

    @property
    def mail_dir(self) -> Path:
        """Where mails land that no server takes."""
        return self.data.dir / "mail"

    @property
    def metrics_dir(self) -> Path:
        """The folder where processes leave what they measure of themselves."""
        return self.data.dir / "metrics"

    def admits_to_metrics(self, organization_id: str) -> bool:
        """Whether keys of an organization may read what is measured for all.

        Where the operator names none, those of all organizations while they are
        all the operator's.
        """
        named = self.metrics.organizations
        return organization_id in named if named else self.management.sign_up == "closed"

    @property
    def spool_dir(self) -> Path:
        """The folder of the spools: always on this machine."""
        return self.data.dir / "spools"


def load(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    """Read all sources. `flags` has dotted names, as `gateway.listen`.

    Raises SettingsError for a setting that is unknown or wrong, and for a
    file that was named and cannot be read.
    """
    tree, origin = _read(flags, environ, file)
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise SettingsError(_explain(error, origin)) from None


def origins(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
) -> dict[str, str]:
    """Where each setting's value comes from, by dotted name. Reads as `load` does."""
    return _read(flags, environ, file)[1]


def _read(
    flags: Mapping[str, Any] | None,
    environ: Mapping[str, str] | None,
    file: Path | None,
) -> tuple[dict[str, Any], dict[str, str]]:
    """All sources in one tree, and where each value comes from."""
    environ = os.environ if environ is None else environ
    named = file or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    sources = [
        ("defaults", tomllib.loads(_defaults())),
        *_file_source(named),
        ("environment", _nested(_from_environment(environ))),
        ("flags", _nested(_from_flags(flags or {}))),
    ]
    tree: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for name, values in sources:
        _merge(tree, values, origin, name)
    return tree, origin


def _defaults() -> str:
    return files("keyhouse").joinpath("settings.default.toml").read_text("utf-8")


def _file_source(named: Path | None) -> list[tuple[str, dict[str, Any]]]:
    path = named or Path(FILE_NAME)
    if named is None and not path.is_file():
        return []
    try:
        return [(str(path), tomllib.loads(path.read_text("utf-8")))]
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from None


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """KEYHOUSE_GATEWAY__LISTEN; names without `__` mean other things."""
    found: dict[str, Any] = {}
    for name, text in environ.items():
        section, separator, setting = name.removeprefix(ENVIRONMENT_PREFIX).partition("__")
        if name.startswith(ENVIRONMENT_PREFIX) and separator:
            found[f"{section}.{setting}".lower()] = _listed(text)
    return found


def _from_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _listed(value) if isinstance(value, str) else value
        for name, value in flags.items()
    }


def _listed(text: str) -> object:
    """A list is written with commas in brackets, as TOML has it."""
    if text.startswith("["):
        try:
            return tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            return text
    return text


def _nested(dotted: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in dotted.items():
        section, _, setting = name.partition(".")
        tree.setdefault(section, {})[setting] = value
    return tree


def _merge(
    tree: dict[str, Any], values: Mapping[str, Any], origin: dict[str, str], name: str
) -> None:
    for section, settings in values.items():
        if not isinstance(settings, Mapping):
            tree[section], origin[section] = settings, name
            continue
        held = tree.setdefault(section, {})
        if not isinstance(held, dict):
            continue  # no section at all: refused by the name of where that stands
        for setting, value in settings.items():
            held[setting] = value
            origin[f"{section}.{setting}"] = name


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        where = ".".join(str(part) for part in problem["loc"][:2])
        lines.append(f"{where} (from {_source(where, origin)}): {problem['msg']}")
    return "\n".join(lines)


def _source(where: str, origin: Mapping[str, str]) -> str:
    """Where a setting comes from; of an unknown section, where its first one does."""
    inside = (name for name in origin if name.startswith(f"{where}."))
    return origin.get(where) or origin.get(next(inside, ""), "defaults")

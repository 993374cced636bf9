"""A prepared data folder with one API and keys for it, made without any door."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyhouse import settings, wiring
from keyhouse.adapters.database import Database, open_database
from keyhouse.adapters.system import load_keyring
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    Environment,
    Key,
    KeyKind,
    Limit,
    Organization,
    Project,
    Resource,
    SecretRow,
)
from keyhouse.core.ids import make_id
from keyhouse.core.keyring import Keyring
from keyhouse.core.secret import ALGORITHM, Secret, digest, mint

TIMES: dict[str, Any] = {"created_at": 1, "updated_at": 1}


def new_id(prefix: str) -> str:
    return make_id(prefix, 1_700_000_000_000_000, os.urandom(10))


@dataclass
class Installation:
    """The folder, and what is in it. `environ` is how a program finds it."""

    folder: Path
    database: Database
    keyring: Keyring
    organization_id: str
    project_id: str
    application_id: str
    api_id: str

    @property
    def environ(self) -> dict[str, str]:
        return {"KEYHOUSE_DATA__DIR": str(self.folder)}

    def add_key(self, *scopes: str, limits: tuple[Limit, ...] = (), **more: Any) -> Secret:
        """A key that opens the API, and its secret."""
        secret = mint("kh", KeyKind.SERVER, Environment.TEST, os.urandom(32))
        key = Key(
            id=new_id("key"),
            organization_id=self.organization_id,
            project_id=self.project_id,
            application_id=self.application_id,
            name="a key",
            kind=KeyKind.SERVER,
            environment=Environment.TEST,
            limits=limits,
            created_by="test",
            **TIMES,
            **more,
        )
        with self.database.rows.writing() as tx:
            tx.insert(key)
            tx.insert(self._access(key.id, scopes))
            tx.insert(self._secret_row(key.id, secret))
        return secret

    def _access(self, key_id: str, scopes: tuple[str, ...]) -> Access:
        return Access(
            id=f"{key_id}/{self.api_id}",
            key_id=key_id,
            resource=Resource.API,
            resource_id=self.api_id,
            provider_id=self.organization_id,
            scopes=scopes,
            created_at=1,
        )

    def _secret_row(self, key_id: str, secret: Secret) -> SecretRow:
        pepper = self.keyring.active
        return SecretRow(
            id=new_id("sec"),
            key_id=key_id,
            version=1,
            namespace="",
            algorithm=ALGORITHM,
            pepper_id=pepper.id,
            digest=digest(secret.reveal().encode(), pepper.key),
            hint=secret.hint,
            starts_at=0,
            created_by="test",
            created_at=1,
        )


def install(folder: Path) -> Installation:
    """Keyhouse on a fresh data folder, with the API `weather`."""
    loaded = settings.load({"data.dir": folder}, environ={})
    wiring.prepare(loaded)
    database = open_database(loaded.database_url)
    organization, project, api, app = (new_id(p) for p in ("org", "prj", "api", "app"))
    own: dict[str, Any] = {"organization_id": organization, "project_id": project, **TIMES}
    with database.rows.writing() as tx:
        tx.insert(Organization(id=organization, name="o", **TIMES))
        tx.insert(Project(id=project, organization_id=organization, name="p", **TIMES))
        tx.insert(Application(id=app, name="caller", external_id="acme-7", **own))
        tx.insert(
            Api(id=api, slug="weather", name="Weather", scopes=("forecast:read",), **own)
        )
    keyring = load_keyring(loaded.keyring_path)
    return Installation(folder, database, keyring, organization, project, app, api)

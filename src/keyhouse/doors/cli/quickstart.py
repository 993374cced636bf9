"""`keyhouse quickstart`: from nothing to a call that succeeds."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from keyhouse.doors.cli import access, show
from keyhouse.doors.cli.desk import AsJson, Assigned, Config, DataDir, desk
from keyhouse.doors.cli.entries import Installation
from keyhouse.doors.cli.failures import tell
from keyhouse.doors.cli.people import password_link
from keyhouse.doors.cli.running import EMAIL, ORGANIZATION, PROJECT, Once

if TYPE_CHECKING:
    from keyhouse_client import Client

_UNAUTHORIZED = 401
_CONFLICT = 409
_KEY_NAME = "quickstart"


class _Story:
    """What was made: a line each for people, all of it at the end for programs."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._told: dict[str, object] = {}

    def tell(self, name: str, told: object, line: str) -> None:
        self._told[name] = told
        if not self._as_json:
            show.say(line)

    def end(self) -> None:
        if self._as_json:
            show.as_json(self._told)


def quickstart(
    context: typer.Context,
    *,
    upstream: Annotated[str, typer.Option(help="The API to protect, as it runs now.")],
    slug: Annotated[str, typer.Option(help="Its name at the gateway.")] = "my-api",
    once: Once = False,
    config: Config = None,
    data_dir: DataDir = None,
    assigned: Assigned = None,
    as_json: AsJson = False,
) -> None:
    """Everything made and started, and one curl line printed that works.

    That line holds the new key's secret, this one time; so does --json.
    """
    line = desk(context)
    line.add(config, data_dir, assigned)
    here = line.installation()
    here.prepare()
    story = _Story(as_json=as_json)
    kept = _kept_key(here, story)

    def ready(_: Mapping[str, int]) -> int:
        try:
            api_key = kept if _accepted(here, kept) else _fresh_key(here)
            _tell_console(here, story)
            _set_up(here, api_key, slug, upstream, story)
            story.end()
        except Exception as error:
            code = tell(error, as_json=as_json)
            if code is None:
                raise
            return code
        return 0

    raise typer.Exit(here.serve(ready, once=once))


def _kept_key(here: Installation, story: _Story) -> str:
    """The management key of cli.json; one is made and kept there where it has none."""
    kept = access.read(here.data_dir)
    made = here.bootstrap(EMAIL, ORGANIZATION, PROJECT, fresh_key=False)
    word = "made" if made.created else "exists"
    for name, id in (
        ("organization", made.organization_id),
        ("project", made.project_id),
    ):
        story.tell(name, {"id": id, "was": word}, f"{name:<12}  {id}  {word}")
    if made.management_secret is not None:
        return _keep(here, made.management_secret.reveal())
    return _fresh_key(here) if kept is None else _keep(here, kept.api_key)


def _fresh_key(here: Installation) -> str:
    made = here.bootstrap(EMAIL, ORGANIZATION, PROJECT, fresh_key=True)
    if made.management_secret is None:
        raise LookupError("a fresh key was asked for, and none came")
    return _keep(here, made.management_secret.reveal())


def _keep(here: Installation, api_key: str) -> str:
    access.write(here.data_dir, access.Access(here.management_url, api_key))
    return api_key


def _accepted(here: Installation, api_key: str) -> bool:
    """Whether the key still opens the management API; it may have been revoked."""
    from keyhouse_client import Client, ProblemError

    with Client(here.management_url, api_key) as client:
        try:
            client.projects.list(limit=1)
        except ProblemError as error:
            if error.status == _UNAUTHORIZED:
                return False
            raise
    return True


def _set_up(
    here: Installation, api_key: str, slug: str, upstream: str, story: _Story
) -> None:
    from keyhouse_client import Client

    with Client(here.management_url, api_key) as client:
        _api(client, slug, upstream, story)
        application = _application(client, slug, story)
        key = client.keys.create(
            _KEY_NAME, [{"api": slug, "scopes": []}], application=application
        )
    told = {"id": key["id"], "was": "made", "secret": key["secret"]}
    words = f"key           {key['id']}  made; its secret is shown this one time"
    story.tell("key", told, words)
    url = f"{here.gateway_url}/{slug}/"
    line = shlex.join(["curl", "-H", f"X-API-Key: {key['secret']}", url])
    story.tell("url", url, "\nNow call it:\n")
    story.tell("curl", line, line)


def _tell_console(here: Installation, story: _Story) -> None:
    """Where people manage it, and how the owner gets in for the first time."""
    told = {"url": here.management_url, "email": EMAIL}
    story.tell("console", told, f"console       {here.management_url}  for {EMAIL}")
    link = password_link(here, EMAIL)
    if link is not None:
        story.tell("password_link", link, f"password      {link}  sets it, once")


def _api(client: "Client", slug: str, upstream: str, story: _Story) -> None:
    """Make the API, or point the one with that slug to this upstream."""
    from keyhouse_client import ProblemError

    upstreams = {"test": upstream, "live": upstream}
    word = "made"
    try:
        api = client.apis.create(slug=slug, upstreams=upstreams)
    except ProblemError as error:
        if error.status != _CONFLICT:
            raise
        api, word = client.apis.get(slug), "exists"
        if api.get("upstreams") != upstreams:
            api, word = client.apis.update(slug, upstreams=upstreams), "now goes there"
    told = {"id": api["id"], "slug": slug, "upstream": upstream, "was": word}
    story.tell("api", told, f"API           {api['id']}  {slug} → {upstream}  {word}")


def _application(client: "Client", slug: str, story: _Story) -> str:
    """The application of the quickstart's keys, made where it is missing."""
    name = f"{slug} quickstart"
    found = next((app for app in client.applications.each() if app["name"] == name), None)
    word = "made" if found is None else "exists"
    found = found or client.applications.create(name=name)
    id = str(found["id"])
    story.tell("application", {"id": id, "was": word}, f"application   {id}  {word}")
    return id

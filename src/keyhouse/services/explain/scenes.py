"""The rows behind a key on an API, and what is used of its quotas."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar
from zoneinfo import ZoneInfo

from keyhouse.core import ids
from keyhouse.core.entities import (
    Access,
    Api,
    Application,
    ApplicationCustomer,
    Customer,
    Entity,
    Key,
    KeyKind,
    Organization,
    Plan,
    Project,
    Resource,
    Route,
    SecretRow,
    Subscription,
    SubscriptionApi,
)
from keyhouse.core.explain import Case, Scene, ToldToken, likely_secret
from keyhouse.core.quotas import span_of
from keyhouse.core.records import Line
from keyhouse.core.request import Request
from keyhouse.core.validation import Problem
from keyhouse.core.verdict import Verdict
from keyhouse.services.catalog import reached_api
from keyhouse.services.explain.bearers import bearer_of
from keyhouse.services.issue.queries import READ
from keyhouse.services.plans.queries import newest
from keyhouse.services.refusals import Invalid, NotFound
from keyhouse.services.work import Look

E = TypeVar("E", bound=Entity)


def scene_of(look: Look, key: Key, access: Sequence[Access], api: Api) -> Scene:
    """All rows that a decision about the key on the API rests on."""
    subscription = _subscription(look, key.application_id, api.id)
    plan = look.tx.get(Plan, subscription.plan_id) if subscription else None
    return Scene(
        key=key,
        access=access,
        secrets=look.tx.find(SecretRow, key_id=key.id),
        application=_row(look, Application, key.application_id),
        owners=_owners(look, key.organization_id, key.project_id),
        api=api,
        routes=look.tx.find(Route, api_id=api.id),
        providers=_owners(look, api.organization_id, api.project_id),
        customer=_customer(look, key.application_id, api.organization_id),
        subscription=subscription,
        plan=plan,
        version=newest(look, plan) if plan else None,
    )


def away_from_endpoints(scene: Scene) -> Scene:
    """The scene of a call on us instead of the API: none of its endpoints is met."""
    anywhere = replace(scene.key.restrictions, endpoints=())
    return replace(scene, key=replace(scene.key, restrictions=anywhere), routes=())


def case_of(
    look: Look,
    scene: Scene,
    request: Request,
    version: int | None,
    then: Verdict | None = None,
    told: ToldToken | None = None,
) -> Case:
    """The request with a secret of the key, or a token that it minted, as it is now."""
    secret = _secret(look, scene, version)
    line, bearer = scene.line(secret, ZoneInfo), None
    if told is not None:
        bearer = bearer_of(look, told, line, scene.application)
        line = bearer.line(look.now_us)
    case = Case(
        scene=scene,
        secret=secret,
        line=line,
        request=request,
        now_us=look.now_us,
        spent={},
        then=then,
        bearer=bearer,
    )
    return replace(case, spent=_spent(look, case.met))


def opened_api(look: Look, access: Sequence[Access], key: Key, name: str | None) -> Api:
    """The API that is asked about: one that the key opens, or one within reach.

    Raises Invalid where it is not known, or none is named and there is a choice.
    """
    opened = [
        row.resource_id
        for row in access
        if row.resource is Resource.API and key.kind is not KeyKind.MANAGEMENT
    ]
    if name is None:
        if len(opened) == 1:
            return _row(look, Api, opened[0])
        reason = "is needed, for the key opens several" if opened else "is needed"
        mend = "name the API that the request is for, by its id or slug"
        raise Invalid([Problem("api", reason, mend)])
    for api in look.tx.find(Api, id=tuple(opened)):
        if name in (api.id, api.slug):
            return api
    try:
        return reached_api(look, READ, name)
    except NotFound:
        mend = "GET /v1/apis lists those that you can name"
        raise Invalid([Problem("api", "is not known", mend)]) from None


def _secret(look: Look, scene: Scene, version: int | None) -> SecretRow:
    if version is None:
        return likely_secret(scene.secrets, look.now_us)
    for secret in scene.secrets:
        if secret.version == version:
            return secret
    mend = f"GET /v1/keys/{scene.key.id}/secrets lists them"
    raise Invalid([Problem("secret_version", "is none of the key's", mend)])


def _spent(look: Look, line: Line) -> dict[str, int]:
    wanted = [(use.budget, span_of(use.quota, look.now_us)) for use in line.quotas]
    used = look.reports.spent(wanted) if wanted else []
    return {use.token: units for use, units in zip(line.quotas, used, strict=True)}


def _customer(look: Look, application_id: str, provider_id: str) -> Customer | None:
    link = look.tx.get(ApplicationCustomer, f"{application_id}/{provider_id}")
    return None if link is None else look.tx.get(Customer, link.customer_id)


def _subscription(look: Look, application_id: str, api_id: str) -> Subscription | None:
    link = look.tx.get(SubscriptionApi, f"{application_id}/{api_id}")
    return None if link is None else look.tx.get(Subscription, link.subscription_id)


def _owners(
    look: Look, organization_id: str, project_id: str
) -> tuple[Organization, Project]:
    organization = _row(look, Organization, organization_id)
    return organization, _row(look, Project, project_id)


def _row(look: Look, kind: type[E], id: str) -> E:
    """A row that another refers to."""
    row = look.tx.get(kind, id)
    if row is None:
        raise NotFound(kind.__name__.lower())
    return row


def find_logged_api(look: Look, id: str) -> Api | None:
    """The API of a line of the log, None for one that was deleted since."""
    return look.tx.get(Api, id) if ids.is_id(id, ids.API) else None

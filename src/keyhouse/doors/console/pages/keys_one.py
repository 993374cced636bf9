"""One key: how it is used, with which secret, and what it may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from fastapi import APIRouter
from starlette.responses import JSONResponse, RedirectResponse, Response

from keyhouse.core.addresses import format_address
from keyhouse.core.entities import Alert, Api, Application, KeyNetwork, Resource
from keyhouse.core.usage import LogRow
from keyhouse.doors.console.keys import chart, owners, rotation_form, sentences
from keyhouse.doors.console.keys.chart import Series
from keyhouse.doors.console.keys.figures import Figures, Gauge, figures, gauges
from keyhouse.doors.console.keys.reaching import reach_of_key
from keyhouse.doors.console.keys.risks import risks
from keyhouse.doors.console.keys.time_line import Stretch, TimeLine, time_line
from keyhouse.doors.console.overview import telling
from keyhouse.doors.console.pages.keys_shown import first_call
from keyhouse.doors.console.rendering import render
from keyhouse.doors.console.requests.reasons import Why, why
from keyhouse.doors.console.visits import Here, InProject
from keyhouse.services import issue, reports, rotation
from keyhouse.services.issue import KeyView, SecretState, SecretView
from keyhouse.services.reports import KeyReport, Span
from keyhouse.services.rotation import RotationView
from keyhouse.services.work import Look, Turn

router = APIRouter()
REQUESTS_SHOWN: Final = 8
_MARK_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Living:
    """What of a key changes while one looks at it."""

    report: KeyReport
    figures: Figures
    gauges: list[Gauge]
    secrets: list[SecretView]
    line: TimeLine
    requests: list[LogRow]

    @property
    def mark(self) -> str:
        """Another where any of it is another; the passing of time alone is none."""
        counted = (self.figures, self.gauges, self.secrets, self.requests)
        return blake2b(repr(counted).encode(), digest_size=_MARK_BYTES).hexdigest()

    @property
    def overlaps(self) -> bool:
        """Whether more than one secret works now."""
        over = (SecretState.REVOKED, SecretState.ENDED)
        return sum(one.state not in over for one in self.secrets) > 1

    @property
    def last_used_at(self) -> int | None:
        """When any of the secrets was last used."""
        used = [one.last_used_at for one in self.secrets if one.last_used_at is not None]
        return max(used, default=None)

    def secret(self, version: int) -> SecretView:
        """The secret of a bar of the line."""
        return next(one for one in self.secrets if one.secret.version == version)

    def why(self, row: LogRow) -> Why:
        """Why a request was refused."""
        return why(row)

    def address(self, row: LogRow) -> str:
        """Where a request came from."""
        return format_address(row.address)


class Usage(NamedTuple):
    """A key's report over a span, as layers of a chart or columns of a table."""

    report: KeyReport
    series: list[Series]
    as_table: bool
    first_call: str

    @property
    def spans(self) -> Mapping[Span, str]:
        """What can be chosen."""
        return chart.SPANS

    @property
    def words(self) -> str:
        """The span in words."""
        return chart.IN_WORDS[self.report.span]


@router.get("/{project}/{environment}/keys/{key}")
async def one(here: Here, key: str, span: str = "", shown: str = "") -> Response:
    """The page of a key, at its one address."""
    view = await here.read(lambda look: issue.get_key(look, key))
    at = f"/{view.key.project_id}/{view.key.environment or here.environment}"
    if at != here.place.root:
        return RedirectResponse(f"{at}/keys/{view.key.id}", 303)
    living, application, apis = await here.read(lambda look: _page(look, view))
    alerts = await here.read(lambda look: _alerts(look, view))
    stands = await here.read(lambda look: _standing(look, view, living))
    owner = await here.read(lambda look: _owner(look, view))
    reach = reach_of_key(view)
    return render(
        here,
        "keys/one.html",
        view=view,
        application=application,
        living=living,
        stands=stands,
        owner=owner,
        schedule=rotation_form.told(view.scheduled),
        oob=False,
        reach=reach,
        said=sentences,
        seen=[(alert, telling.seen(alert)) for alert in alerts],
        networks=await _networks(here, view),
        risks=risks(reach, view.key.kind, {api.slug: api for api in apis}),
        usage=await _usage(here, view, _span(span), shown),
    )


def _standing(look: Look, view: KeyView, now: Living) -> RotationView | None:
    """Who calls with which secret; None, and nothing is looked up, where but one works."""
    return rotation.get_rotation(look, view.key.id) if now.overlaps else None


def _owner(look: Look, view: KeyView) -> str:
    """What who answers for the key is called; '' for nobody."""
    return owners.name_of(look, view.key.owner_id) if view.key.owner_id else ""


def _alerts(look: Look, view: KeyView) -> list[Alert]:
    """Where the key's secrets were seen lately and must not have been."""
    since = look.now_us - reports.ALERT_US
    return reports.alerts_of_key(look, view.key.id, since)


async def _networks(here: InProject, view: KeyView) -> list[KeyNetwork]:
    """Where it is used from, for whoever may see that."""
    if not here.may(reports.READ_USAGE):
        return []
    return await here.read(lambda look: reports.networks_of_key(look, view.key.id))


@router.get("/{project}/{environment}/keys/{key}/living")
async def living(here: Here, key: str, mark: str = "") -> Response:
    """What has changed since `mark`; nothing where nothing has."""
    view, now = await here.read(lambda look: _now(look, key))
    if now.mark == mark:
        return Response(status_code=204)
    stands = await here.read(lambda look: _standing(look, view, now))
    return render(here, "keys/living.html", view=view, living=now, stands=stands, oob=True)


@router.get("/{project}/{environment}/keys/{key}/usage")
async def usage(here: Here, key: str, span: str = "", shown: str = "") -> Response:
    """The usage of a key over a span, as a chart or as a table."""
    view = await here.read(lambda look: issue.get_key(look, key))
    told = await _usage(here, view, _span(span), shown)
    return render(here, "keys/usage.html", view=view, usage=told)


@router.get("/{project}/{environment}/keys/{key}/points")
async def points(here: Here, key: str, span: str = "") -> Response:
    """The numbers of the chart, for the script that draws it."""
    report = await here.read(lambda look: reports.report_key(look, key, _span(span)))
    return JSONResponse(chart.chart_of(report))


async def _usage(here: InProject, view: KeyView, span: Span, shown: str) -> Usage:
    return await here.read(lambda look: _reported(look, here, view, span, shown))


def _reported(look: Look, here: InProject, view: KeyView, span: Span, shown: str) -> Usage:
    report = reports.report_key(look, view.key.id, span)
    unused = view.last_used_at is None
    line = first_call(look, view, here.config.gateway_url) if unused else ""
    return Usage(report, chart.series_of(report), shown == "table", line)


def _page(look: Look, view: KeyView) -> tuple[Living, Application, list[Api]]:
    opened = [row for row in view.access if row.resource is Resource.API]
    apis = look.tx.find(Api, id=tuple(row.resource_id for row in opened))
    application = look.own(Application, view.key.application_id)
    return _living(look, view), application, apis


def _now(look: Look, key: str) -> tuple[KeyView, Living]:
    view = issue.get_key(look, key)
    return view, _living(look, view)


def _living(look: Look, view: KeyView) -> Living:
    id = view.key.id
    report = reports.report_key(look, id, Span.DAY)
    bars = gauges(reports.limits_left(look, id))
    secrets = issue.list_secrets(look, id)
    page = reports.list_requests(look, Turn(limit=REQUESTS_SHOWN), {"key": id})
    return Living(
        report,
        figures(report, bars),
        bars,
        secrets,
        time_line([_stretch(view, one) for one in secrets], look.now_us),
        page.rows,
    )


def _stretch(view: KeyView, one: SecretView) -> Stretch:
    """A secret's life; a key that has ended or was revoked ends all of its own."""
    key = view.key
    ends = [one.until, key.ends_at, key.revoked_at]
    end = min((end for end in ends if end is not None), default=None)
    start = one.secret.starts_at
    return Stretch(one.secret.version, start, end and max(end, start + 1), one.last_used_at)


def _span(text: str) -> Span:
    return Span(text) if text in tuple(Span) else Span.DAY

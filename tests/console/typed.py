"""What somebody would type into each form: so that only its sender can be the trouble."""

import re
from collections.abc import Mapping

_KEY = {
    "name": "Walked",
    "application": "new",
    "application_name": "Walker",
    "environment": "test",
    "kind": "server",
    "api": "quokka-api",
    "expiry": "never",
}
_API = {"name": "Walked", "upstream": "http://127.0.0.1:9", "test_calls": "same"}
_WEBHOOK = {"name": "Walked", "url": "https://93.184.215.14/", "which": "all"}
_IMPORT = {
    "format": "csv",
    "mode": "lenient",
    "environment": "test",
    "api": "quokka-api",
    "text": "name,secret\nWalked,a-string-of-another-system\n",
}
_NAMED = r"/(projects|settings|name|projects/prj_\w+/edit|organizations/new)$"
_FORMS: list[tuple[str, Mapping[str, str]]] = [
    (r"/find$", {"wanted": "quokka"}),
    (r"/keys/search$", {"search": "quokka"}),
    (r"/keys(/new/sentence)?$", _KEY),
    (r"/replace$", {"overlap": "3600"}),
    (r"/change/name$", {"name": "Walked"}),
    (r"/change/access$", {"api": "quokka-api"}),
    (r"/change/restrictions$", {"networks_allowed": "192.0.2.0/24"}),
    (r"/(change|settings)/limits$", {"limits.0.amount": "5", "limits.0.per": "quota:day"}),
    (r"/change/expiry$", {"expiry": "30"}),
    (r"/change/rotation$", {"rotation_days": "90"}),
    (r"/projects/prj_\w+/revoke-keys$", {"count": "3"}),
    (r"/revoke-keys$", {"count": "2"}),
    (r"/explain$", {"method": "GET", "path": "/", "address": "192.0.2.9"}),
    (r"/try$", {"method": "GET", "path": "/", "secret": ""}),
    (r"/routes(/rte_\w+)?$", {"method": "GET", "path": "/walked", "cost": "1"}),
    (r"/headers$", {"name": "X-Walked", "value": "walked"}),
    (r"/headers/delete$", {"name": "X-Quokka-Key"}),
    (r"/apis$", _API | {"slug": "walked"}),
    (r"/apis/api_\w+$", _API),
    (r"/applications(/app_\w+)?$", {"name": "Walked"}),
    (r"/customers(/cus_\w+)?$", {"name": "Walked", "external_id": "walked"}),
    (r"/credits$", {"kind": "grant", "amount": "7"}),
    (r"/prepay$", {"prepaid": "0"}),
    (r"/plans/pln_\w+/subscribe$", {"application": "quokka-program"}),
    (r"/plans(/pln_\w+)?$", {"name": "Walked", "slug": "walked", "api": "quokka-api"}),
    (r"/(subscribe|move)$", {"plan": "quokka-plan"}),
    (r"/overrides$", {"limits.0.amount": "5", "limits.0.per": "quota:day"}),
    (r"/webhooks(/whk_\w+)?$", _WEBHOOK),
    (r"/imports$", _IMPORT),
    (r"/tokens$", {"which": "user", "user": "walked"}),
    (r"/calendars$", {"name": "Walked"}),
    (r"/members/invite$", {"email": "walked@example.com", "role": "viewer"}),
    (r"/members/usr_\w+/role$", {"role": "viewer"}),
    (_NAMED, {"name": "Walked"}),
]
"""Fields by the end of the path, the first that fits."""


def typed_in(path: str) -> dict[str, str]:
    """The fields of the form that is sent to a path."""
    for pattern, fields in _FORMS:
        if re.search(pattern, path):
            return dict(fields)
    return {}

"""Where all pages of the console are, by the names of their pictures."""

_P, _O = "/{project}/{environment}", "/{organization}"
OPEN = {
    "sign-up": "/signup",
    "sent": "/sent",
    "log-in": "/login",
    "confirm": "/confirm",
    "forgot": "/forgot",
    "reset": "/reset",
}
INSIDE = {
    "overview": f"{_P}/overview",
    "apis": f"{_P}/apis",
    "api-new": f"{_P}/apis/new",
    "api": f"{_P}/apis/{{api}}",
    "api-edit": f"{_P}/apis/{{api}}/edit",
    "api-header": f"{_P}/apis/{{api}}/headers/set",
    "route-new": f"{_P}/apis/{{api}}/routes/new",
    "route": f"{_P}/apis/{{api}}/routes/{{route}}",
    "applications": f"{_P}/applications",
    "application-new": f"{_P}/applications/new",
    "application": f"{_P}/applications/{{application}}",
    "application-edit": f"{_P}/applications/{{application}}/edit",
    "keys": f"{_P}/keys",
    "key-new": f"{_P}/keys/new",
    "key": f"{_P}/keys/{{key}}",
    "key-table": f"{_P}/keys/{{key}}?span=week&shown=table",
    "key-replace": f"{_P}/keys/{{key}}/replace",
    "key-secret-end": f"{_P}/keys/{{key}}/secrets/{{secret}}/end",
    "key-explain": f"{_P}/keys/{{key}}/explain",
    "key-revoke": f"{_P}/keys/{{key}}/revoke",
    "key-name": f"{_P}/keys/{{key}}/change/name",
    "key-access": f"{_P}/keys/{{key}}/change/access",
    "key-restrictions": f"{_P}/keys/{{key}}/change/restrictions",
    "key-limits": f"{_P}/keys/{{key}}/change/limits",
    "key-expiry": f"{_P}/keys/{{key}}/change/expiry",
    "requests": f"{_P}/requests",
    "request": f"{_P}/requests/{{request_id}}",
    "members": f"{_O}/members",
    "member-invite": f"{_O}/members/invite",
    "projects": f"{_O}/projects",
    "project-new": f"{_O}/projects/new",
    "project-edit": f"{_O}/projects/{{project}}/edit",
    "settings": f"{_O}/settings",
    "audit": f"{_O}/settings/audit",
    "organization-new": "/organizations/new",
    "account": "/account",
    "not-found": f"{_P}/nowhere",
}
EMPTY = {
    "overview-empty": f"{_P}/overview",
    "apis-empty": f"{_P}/apis",
    "applications-empty": f"{_P}/applications",
    "keys-empty": f"{_P}/keys",
    "requests-empty": f"{_P}/requests",
}
NARROW = {"overview", "keys", "key", "key-new", "key-created", "sign-up"}
"""Those that are pictured as a phone shows them, too."""
PARTS = {
    "/",
    "/invitations/{token}",
    f"{_P}/keys/{{key}}/{{act}}",
    f"{_P}/keys/{{key}}/change/{{part}}",
    f"{_P}/keys/{{key}}/living",
    f"{_P}/keys/{{key}}/usage",
    f"{_P}/keys/{{key}}/points",
}
"""No pages of their own: ways on, parts of a page, and patterns of those above."""

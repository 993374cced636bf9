"""Checks of where a key is used: in a browser, from which network, page and app,

on which endpoint.
"""

from collections.abc import Iterator

from keyhouse.core.addresses import UNKNOWN, format_address, parse_network
from keyhouse.core.entities import KeyKind
from keyhouse.core.explain.case import Case
from keyhouse.core.explain.finding import (
    Fact,
    Finding,
    Place,
    cannot_tell,
    passed,
    refused,
)
from keyhouse.core.patterns import METHODS, Endpoints
from keyhouse.core.verdict import Verdict

_HERE = Place.KEY_RESTRICTIONS


def browser(case: Case) -> Iterator[Finding]:
    """A server key that a browser sends can be read by whoever has the page."""
    facts: dict[str, Fact] = {"api": case.scene.api.slug}
    if case.bearer is not None:
        yield passed("A token may be used in a browser.")
    elif case.line.key.kind is not KeyKind.SERVER:
        yield passed("Only server keys are kept out of browsers.")
    elif not case.request.browser:
        yield passed("Nothing tells that a browser sent it.")
    elif case.line.api.refuses_browsers:
        found = "A browser sent it, and {api} takes no server key from one."
        mend = (
            "Call from a server, or make a publishable key for the page. Whoever "
            "had the page has the secret: replace it."
        )
        yield refused(Verdict.BROWSER_NOT_ALLOWED, found, mend, Place.CALLER, **facts)
    else:
        yield passed("A browser sent it; {api} lets that pass, as an alert.", **facts)


def network(case: Case) -> Iterator[Finding]:
    """The caller's address, against the networks allowed and denied."""
    networks, address = case.line.key.networks, case.request.address
    limits = case.scene.key.restrictions
    if networks is None:
        yield passed("The key may be used from any network.")
        return
    facts: dict[str, Fact] = {
        "allowed": limits.networks_allowed,
        "denied": limits.networks_denied,
    }
    if address == UNKNOWN:
        found = "Networks are restricted: cannot tell without an address."
        yield cannot_tell(Verdict.IP_NOT_ALLOWED, found, "Tell the address.", **facts)
        return
    facts["address"] = format_address(address)
    if networks.admits(address):
        yield passed("{address} may use the key.", **facts)
        return
    inside = [one for one in limits.networks_denied if _holds(one, address)]
    if inside:
        found = "It came from {address}, in the denied network {inside}."
        mend = "If {address} is yours, take {inside} out of the key's denied networks."
        facts["inside"] = inside[0]
    else:
        found = "It came from {address}; allowed are {allowed}."
        mend = "If {address} is yours, add its network to those the key allows."
    yield refused(Verdict.IP_NOT_ALLOWED, found, mend, _HERE, **facts)


def _holds(network_text: str, address: int) -> bool:
    first, last = parse_network(network_text)
    return first <= address <= last


def referrer(case: Case) -> Iterator[Finding]:
    """The web page that `Referer`, or else `Origin`, names."""
    referrers, request = case.line.key.referrers, case.request
    if referrers is None:
        yield passed("The key may be used from any web page.")
        return
    facts: dict[str, Fact] = {"allowed": case.scene.key.restrictions.referrers}
    page = request.referrer or request.origin
    verdict = Verdict.REFERRER_NOT_ALLOWED
    if not page:
        found = "Web pages are restricted: cannot tell without a referrer or an origin."
        yield cannot_tell(verdict, found, "Tell the referrer.", **facts)
        return
    facts["page"] = page
    if referrers.admit(request.referrer, request.origin):
        yield passed("{page} may use the key.", **facts)
    else:
        found = "It came from the page {page}; allowed are {allowed}."
        mend = "If the page is yours, add it to the key's referrers."
        yield refused(verdict, found, mend, _HERE, **facts)


def app(case: Case) -> Iterator[Finding]:
    """The app that the request's headers name."""
    apps, told = case.line.key.apps, case.request.app
    if apps is None:
        yield passed("The key may be used from any app.")
        return
    facts: dict[str, Fact] = {"allowed": case.scene.key.restrictions.apps}
    if not told:
        found = "Apps are restricted: cannot tell without the app."
        yield cannot_tell(Verdict.APP_NOT_ALLOWED, found, "Tell the app.", **facts)
        return
    facts["app"] = told
    if apps.admit(told):
        yield passed("{app} may use the key.", **facts)
    else:
        found = "It came from the app {app}; allowed are {allowed}."
        mend = "If the app is yours, add it to the key's apps."
        yield refused(Verdict.APP_NOT_ALLOWED, found, mend, _HERE, **facts)


def endpoint(case: Case) -> Iterator[Finding]:
    """Method and path, against the key's endpoints; a path must have one reading."""
    allowed, request, path = case.line.key.endpoints, case.request, case.path
    restricted = allowed is not None
    told: dict[str, Fact] = {}
    if request.path is not None:
        told["path"] = request.path
    if restricted:
        told["allowed"] = case.scene.key.restrictions.endpoints
    verdict = Verdict.ENDPOINT_NOT_ALLOWED
    if request.path is not None and path is None:
        if restricted or case.line.api.endpoints is not None:
            found = "The path {path} can be read in two ways, so no rule of paths fits it."
            mend = "Have the caller send it without dot segments, // and needless escapes."
            yield refused(verdict, found, mend, Place.CALLER, **told)
        else:
            yield passed("Nothing here depends on the path.", **told)
    elif allowed is None:
        yield passed("The key may be used on any endpoint.", **told)
    elif path is None:
        found = "Endpoints are restricted: cannot tell without a path."
        yield cannot_tell(verdict, found, "Tell method and path.", **told)
    else:
        yield _found(case, allowed, path, told)


def _found(case: Case, allowed: Endpoints, path: str, told: dict[str, Fact]) -> Finding:
    method = case.request.method
    verdict = Verdict.ENDPOINT_NOT_ALLOWED
    if allowed.find(method or "", path) is not None:
        return passed("The key may be used on {path}.", **told)
    if method is None:
        if any(allowed.find(one, path) is not None for one in METHODS):
            found = "{path} is open to some methods: cannot tell without a method."
            return cannot_tell(verdict, found, "Tell the method.", **told)
        called = "{path}"
    else:
        told["method"] = method
        called = "{method} {path}"
    found = f"It called {called}; the key may be used on {{allowed}}."
    mend = f"Add {called} to the key's endpoints, or have the caller call another."
    return refused(verdict, found, mend, _HERE, **told)

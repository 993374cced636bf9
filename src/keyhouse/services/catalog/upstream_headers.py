"""Headers that the gateway adds toward the upstream of an API, kept sealed.

A value is read by the gateway alone: no query tells it, and no audit row.
"""

from keyhouse.core.entities import Api, UpstreamHeader
from keyhouse.core.upstream_headers import HEADERS_MAX, plain_name, sealing_context
from keyhouse.core.validation import Problem, check_upstream_header
from keyhouse.services.catalog.queries import READ_APIS, WRITE_APIS, reached_api
from keyhouse.services.refusals import Invalid, NotFound, Taken, refuse
from keyhouse.services.work import Look, Work


def list_upstream_headers(look: Look, api: str) -> list[UpstreamHeader]:
    """The headers of an API, by name; few by nature."""
    return look.tx.find(UpstreamHeader, api_id=reached_api(look, READ_APIS, api).id)


def get_upstream_header(look: Look, api: str, name: str) -> UpstreamHeader:
    """One header of an API; in its name case and `_ . -` do not count."""
    return _own(look, reached_api(look, READ_APIS, api), name)


def set_upstream_header(work: Work, api: str, name: str, value: str) -> UpstreamHeader:
    """Have the gateway add a header, or replace its value."""
    own = reached_api(work, WRITE_APIS, api)
    refuse(check_upstream_header(name, value))
    sealer = work.sealer
    if sealer is None or not sealer.can_seal:
        mend = "give the keyring a sealing key: `keyhouse keyring new-sealing-key`"
        raise Invalid([Problem("value", "cannot be sealed", mend)])
    key_id, content = sealer.seal(value.encode("ascii"), sealing_context(own.id, name))
    held = work.tx.get(UpstreamHeader, _id(own, name))
    if held is None:
        return _add(work, own, name, key_id, content)
    new = work.tx.update(
        held,
        name=name,
        sealing_key_id=key_id,
        sealed=content,
        set_by=work.actor.id,
        set_at=work.now_us,
    )
    work.note("upstream_header.change", own.id, after={"name": name})
    return new


def delete_upstream_header(work: Work, api: str, name: str) -> None:
    """Add it no more."""
    own = reached_api(work, WRITE_APIS, api)
    row = _own(work, own, name)
    work.tx.remove(row)
    work.note("upstream_header.delete", own.id, before={"name": row.name})


def _add(work: Work, api: Api, name: str, key_id: str, content: bytes) -> UpstreamHeader:
    if len(work.tx.find(UpstreamHeader, api_id=api.id)) >= HEADERS_MAX:
        raise Taken("headers", f"are {HEADERS_MAX} already", "delete one first")
    row = UpstreamHeader(
        id=_id(api, name),
        organization_id=api.organization_id,
        api_id=api.id,
        name=name,
        sealing_key_id=key_id,
        sealed=content,
        set_by=work.actor.id,
        set_at=work.now_us,
    )
    work.tx.insert(row)
    work.note("upstream_header.create", api.id, after={"name": name})
    return row


def _own(at: Look | Work, api: Api, name: str) -> UpstreamHeader:
    row = at.tx.get(UpstreamHeader, _id(api, name)) if name.isprintable() else None
    if row is None:
        raise NotFound("upstream header")
    return row


def _id(api: Api, name: str) -> str:
    return f"{api.id}/{plain_name(name)}"

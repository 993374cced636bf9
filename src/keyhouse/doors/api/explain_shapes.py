"""What is asked of and told about a request that is explained."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from keyhouse.doors.api.models import Body, Long, Word
from keyhouse.doors.api.times import ToldTime

_BODY = "06TbZQ2dGmM8vXk1cPqRst"


def _example(**fields: JsonValue) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [fields]})


class ClaimsBody(BaseModel):
    """The claims of a user's token, as far as they are known: of a user, `sub` alone.

    They are what the middle part of the token says; what is none of these is left
    out of account. The token itself, which opens something, is not asked for.
    """

    sub: Word = Field(description="The user.")
    sid: Word | None = Field(None, description="The session.")
    jti: Word | None = Field(None, description="The token's id.")
    aud: Word | None = Field(None, description="The API that it is for, by id or slug.")
    azp: Word | None = Field(None, description="Its application.")
    key: Word | None = Field(None, description="The key that minted it.")
    iat: int | None = Field(None, description="When it was issued, in seconds.")
    exp: int | None = Field(None, description="When it ends, in seconds.")
    scope: Long | None = Field(None, description="Its scopes, set apart by spaces.")
    limits: list[list[JsonValue]] = Field(
        default_factory=list, description="Its own limits, as the token has them."
    )
    model_config = ConfigDict(
        extra="ignore",
        strict=True,
        json_schema_extra={"examples": [{"sub": "alice", "sid": "s-17"}]},
    )


class ExplainBody(Body):
    """The request to explain, in the fields of verify; all that is left out is not told."""

    api: Word | None = Field(None, description="Id or slug; else the key's only one.")
    address: Word | None = None
    method: Word | None = None
    path: Long | None = Field(None, description="Below the API's root.")
    referrer: Long | None = None
    origin: Long | None = None
    app: Word | None = None
    tls: bool | None = None
    environment: Literal["live", "test"] | None = None
    scopes: list[Word] = Field(default_factory=list)
    cost: int | None = None
    secret_version: int | None = Field(
        None, description="Of the secret that it comes with; else the newest that works."
    )
    token: ClaimsBody | None = Field(
        None, description="A user's token that it comes with, minted with the key."
    )
    model_config = _example(address="203.0.113.9", method="GET", path="/v1/forecast/berlin")


class CheckOut(BaseModel):
    """One check of the walk. `mend` and `place` say what to change, and where.

    `found` is a sentence for the key's owner, `facts` what stands in it.
    """

    check: str
    outcome: Literal["passed", "refused", "cannot_tell", "not_looked_at"]
    verdict: str | None
    found: str
    facts: dict[str, Any]
    mend: str | None
    place: str | None


class AskedOut(BaseModel):
    """The request as far as it is told; null is not told."""

    address: str | None
    method: str | None
    path: str | None
    referrer: str | None
    origin: str | None
    app: str | None
    tls: bool
    environment: str | None
    scopes: list[str]
    cost: int | None


class TokenToldOut(BaseModel):
    """A user's token as far as it is told; null is not told."""

    sub: str
    sid: str | None
    jti: str | None
    aud: str | None
    issued_at: ToldTime | None
    ends_at: ToldTime | None
    scopes: list[str] | None


class LoggedOut(BaseModel):
    """What the request in the log came to then."""

    request_id: str
    at: ToldTime
    verdict: str


class ExplanationOut(BaseModel):
    """All checks in the order of the walk; each `refused` one is a reason.

    `verdict` is what the request would get now, null where that hangs on what
    is not told. `not_kept` are facts that the request log does not keep.
    """

    outcome: Literal["passed", "refused", "cannot_tell", "not_looked_at"]
    verdict: str | None
    key: str | None
    secret_version: int | None
    api: str
    request: AskedOut
    token: TokenToldOut | None
    checks: list[CheckOut]
    logged: LoggedOut | None
    not_kept: list[str]
    model_config = _example(
        outcome="refused",
        verdict="ip_not_allowed",
        key=f"key_{_BODY}",
        secret_version=1,
        api=f"api_{_BODY}",
        request={
            "address": "198.51.100.7",
            "method": "GET",
            "path": "/v1/forecast/berlin",
            "referrer": None,
            "origin": None,
            "app": None,
            "tls": False,
            "environment": None,
            "scopes": [],
            "cost": None,
        },
        token=None,
        checks=[
            {
                "check": "network",
                "outcome": "refused",
                "verdict": "ip_not_allowed",
                "found": "It came from 198.51.100.7; allowed are 203.0.113.0/24.",
                "facts": {
                    "allowed": ["203.0.113.0/24"],
                    "denied": [],
                    "address": "198.51.100.7",
                },
                "mend": "If 198.51.100.7 is yours, add its network to those the "
                "key allows.",
                "place": "key.restrictions",
            }
        ],
        logged=None,
        not_kept=[],
    )


CheckOut.model_config["json_schema_extra"] = {
    "examples": ExplanationOut.model_config["json_schema_extra"]["examples"][0]["checks"]  # type: ignore[index,call-overload] # made above
}

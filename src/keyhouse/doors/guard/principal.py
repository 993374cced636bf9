"""Who calls, as a handler sees it."""

from dataclasses import dataclass

from keyhouse.core.decision import Decision


@dataclass(frozen=True, slots=True)
class ApplicationInfo:
    """The program that calls."""

    id: str
    name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller whose key was verified for this request.

    `subject` is the user inside the application, None for a key alone;
    `customer` is whom the provider knows the application as.
    """

    application: ApplicationInfo
    key_id: str
    key_name: str
    environment: str | None
    customer: str | None
    subject: str | None
    scopes: frozenset[str]
    request_id: str


def principal_of(decision: Decision, request_id: str) -> Principal:
    """The principal of an allowed decision; ValueError for any other."""
    line = decision.line
    if line is None or not decision.allowed:
        raise ValueError("only an allowed decision has a principal")
    application = line.application
    return Principal(
        application=ApplicationInfo(
            application.id, application.name, application.external_id
        ),
        key_id=line.key.id,
        key_name=line.key.name,
        environment=line.key.environment,
        customer=decision.customer,
        subject=decision.subject,
        scopes=decision.scopes,
        request_id=request_id,
    )

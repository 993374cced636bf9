"""A worker beside the office of Acme, and what is asked of keys there."""

from keyhouse.core.entities import AuditRow
from keyhouse.ports import Mail
from keyhouse.services import issue
from keyhouse.services.issue import Created, SecretState
from keyhouse.services.jobs import Claim, Holding
from keyhouse.services.rotation import begin_overlaps, remind
from tests.servers.acme import Acme

DAY = 86_400
DAY_US = DAY * 1_000_000


class Letters:
    """A mailer that keeps what it was to send."""

    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> None:
        self.sent.append(mail)

    def close(self) -> None:
        """Nothing is open."""


def claimed(acme: Acme, holder: str = "nod_1", name: str = "chores") -> Claim:
    claim = Holding(acme.database.rows, acme.clock, name, holder).claim(lambda: False)
    assert claim is not None
    return claim


def begin(acme: Acme, claim: Claim | None = None) -> int:
    return begin_overlaps(acme.office, claim or claimed(acme))


def reminded(acme: Acme, letters: Letters, claim: Claim | None = None) -> int:
    claim = claim or claimed(acme)
    return remind(acme.office, letters, "https://keys.example", claim)


def rotate(
    acme: Acme, made: Created, overlap: int | None = DAY, *, on_first_use: bool = False
) -> Created:
    id = made.view.key.id
    return acme.write(
        lambda work: issue.rotate_key(work, id, overlap, on_first_use=on_first_use)
    )


def states(acme: Acme, made: Created) -> list[tuple[int, SecretState]]:
    found = acme.read(lambda look: issue.list_secrets(look, made.view.key.id))
    return [(one.secret.version, one.state) for one in found]


def ends(acme: Acme, made: Created, version: int) -> int | None:
    found = acme.read(lambda look: issue.list_secrets(look, made.view.key.id))
    (secret,) = (one.secret for one in found if one.secret.version == version)
    return secret.ends_at


def audited(acme: Acme, action: str) -> list[AuditRow]:
    with acme.database.rows.reading() as tx:
        return tx.find(AuditRow, action=action)

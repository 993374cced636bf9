"""Rules about keys and their secrets."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from keyhouse.services import issue
from tests.life.facts import DAY_US, KeyFacts
from tests.life.standing import SECOND_US, WHICH, Standing, some_of

KEYS_MAX = 3
_RESTORE_US = 30 * DAY_US
_OVERLAPS = st.sampled_from([None, 0, 60, 3600, 86_400])
_TIMES = st.sampled_from([None, None, None, None, 60, 3600, 31 * 86_400])
"""Mostly none: what has ended has little life left to look at."""


class KeyRules(Standing):
    """Keys are made, changed, rotated, put away and given on."""

    def key(self, which: int) -> KeyFacts:
        """One of the keys."""
        return self.facts.keys[which % len(self.facts.keys)]

    def others_go_on(self) -> bool:
        """Whether a key can be lost, and the town still has some life in it."""
        gone = [one.revoked or one.deleted_at is not None for one in self.facts.keys]
        return gone.count(False) > 1

    @initialize(which=WHICH)
    def begin_with_a_key(self, which: int) -> None:
        self.create_key(self.town.applications[0], some_of(self.town.apis, which))

    @precondition(lambda self: len(self.facts.keys) < KEYS_MAX)
    @rule(
        which=WHICH,
        opens=WHICH,
        starts=_TIMES,
        ends=_TIMES,
    )
    def make_a_key(
        self, which: int, opens: int, starts: int | None, ends: int | None
    ) -> None:
        application = self.town.applications[which % 4]
        apis = some_of(self.town.apis, opens)
        self.create_key(application, apis, **self._times(starts, ends))

    def _times(self, starts: int | None, ends: int | None) -> dict[str, Any]:
        """A time to start, and one to end after it."""
        now = self.facts.now
        starts_at = None if starts is None else now + starts * SECOND_US
        ends_at = None if ends is None else (starts_at or now) + ends * SECOND_US
        return {"starts_at": starts_at, "ends_at": ends_at}

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH, starts=_TIMES, ends=_TIMES)
    def change_the_times(self, which: int, starts: int | None, ends: int | None) -> None:
        key, times = self.key(which), self._times(starts, ends)
        if self._change(key, **times):
            key.starts, key.ends = times["starts_at"], times["ends_at"]

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH, opens=WHICH)
    def change_what_it_opens(self, which: int, opens: int) -> None:
        key, apis = self.key(which), some_of(self.town.apis, opens)
        named = all(self.facts.may_name(key.application, api) for api in apis)
        if self._change(key, may=named, access=self.wishes(apis)):
            key.opens = apis

    def _change(self, key: KeyFacts, *, may: bool = True, **fields: Any) -> bool:
        changes: Any = fields
        may = may and key.deleted_at is None
        self.attempt(
            self.owner(key), lambda work: issue.change_key(work, key.id, changes), may=may
        )
        return may

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH)
    def disable(self, which: int) -> None:
        key = self.key(which)
        may = key.deleted_at is None
        self.attempt(self.owner(key), lambda work: issue.disable_key(work, key.id), may=may)
        key.disabled = key.disabled or may

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH)
    def enable(self, which: int) -> None:
        key = self.key(which)
        may = key.deleted_at is None and not key.revoked
        self.attempt(self.owner(key), lambda work: issue.enable_key(work, key.id), may=may)
        key.disabled = key.disabled and not may

    @precondition(lambda self: self.others_go_on())
    @rule(which=WHICH)
    def revoke(self, which: int) -> None:
        key = self.key(which)
        may = key.deleted_at is None
        self.attempt(self.owner(key), lambda work: issue.revoke_key(work, key.id), may=may)
        key.revoked = key.revoked or may

    @precondition(lambda self: self.others_go_on())
    @rule(which=WHICH)
    def delete(self, which: int) -> None:
        key = self.key(which)
        self.owner(key).write(lambda work: issue.delete_key(work, key.id))
        if key.deleted_at is None:
            key.deleted_at = self.facts.now

    @precondition(lambda self: any(one.deleted_at is not None for one in self.facts.keys))
    @rule(which=WHICH)
    def restore(self, which: int) -> None:
        key = self.key(which)
        since = key.deleted_at
        may = since is None or self.facts.now < since + _RESTORE_US
        self.attempt(self.owner(key), lambda work: issue.restore_key(work, key.id), may=may)
        if may:
            key.deleted_at = None

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH, to=WHICH)
    def transfer(self, which: int, to: int) -> None:
        key, wanted = self.key(which), self.town.applications[to % 4]
        same = self.facts.organization(wanted) == self.facts.organization(key.application)
        may = same and key.deleted_at is None
        self.attempt(
            self.owner(key), lambda work: issue.transfer_key(work, key.id, wanted), may=may
        )
        if may:
            key.application = wanted

    # -- secrets --------------------------------------------------------------------

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH, overlap=_OVERLAPS, on_use=st.booleans())
    def rotate(self, which: int, overlap: int | None, on_use: bool) -> None:
        now = self.facts.now
        good = [one for one in self.facts.keys if one.may_renew(now)]
        key = good[which % len(good)] if good and which % 4 else self.key(which)
        at_once = overlap == 0 and not on_use
        may = key.may_rotate(now, at_once=at_once) and not (on_use and overlap is None)
        made = self.attempt(
            self.owner(key),
            lambda work: issue.rotate_key(work, key.id, overlap, on_first_use=on_use),
            may=may,
        )
        if made is not None:
            new = self.new_secret(made, key.secrets[-1].version + 1)
            overlap_us = None if overlap is None else overlap * SECOND_US
            key.rotate(new, overlap_us, now, on_use=on_use)

    @precondition(lambda self: any(len(one.secrets) > 1 for one in self.facts.keys))
    @rule(which=WHICH)
    def roll_back(self, which: int) -> None:
        now = self.facts.now
        good = [one for one in self.facts.keys if one.may_roll_back(now)]
        # Mostly one that can be: among all there are few.
        key = good[which % len(good)] if good and which % 3 else self.key(which)
        may = key.may_roll_back(now)
        self.attempt(self.owner(key), lambda work: issue.roll_back(work, key.id), may=may)
        if may:
            key.roll_back(now)

    @precondition(lambda self: any(len(one.secrets) > 1 for one in self.facts.keys))
    @rule(which=WHICH, of=WHICH)
    def end_a_secret(self, which: int, of: int) -> None:
        key, now = self.key(which), self.facts.now
        secret, living = key.secrets[of % len(key.secrets)], key.living(now)
        may = key.deleted_at is None and living != [secret]
        self.attempt(
            self.owner(key),
            lambda work: issue.end_secret(work, key.id, secret.id),
            may=may,
        )
        if may and secret in living:
            secret.revoked = True

    @precondition(lambda self: bool(self.facts.keys))
    @rule(which=WHICH, of=WHICH, api=WHICH)
    def use_a_secret(self, which: int, of: int, api: int) -> None:
        key = self.key(which)
        secret = key.secrets[of % len(key.secrets)]
        if self.facts.code_of_secret(key, secret, self.town.apis[api % 2]) != "valid":
            return
        self.town.book_use(key.id, secret.version)
        if secret.first_used is None:
            secret.first_used = self.facts.now

    @rule()
    def the_worker_begins_overlaps(self) -> None:
        self.town.begin_overlaps()
        for key in self.facts.keys:
            key.begin_overlaps(self.facts.now)

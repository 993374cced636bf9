"""The table of outcomes: what the spool and every caller rely on."""

from collections import Counter

from keyhouse.core.verdict import BY_CODE, BY_NUMBER, Verdict

PINNED = """
0   200  valid
1   400  conflicting_credentials
2   401  missing
3   401  malformed
4   401  unknown
5   401  disabled
6   401  revoked
7   401  expired
8   401  not_yet_valid
9   402  credits_exhausted
10  403  environment_mismatch
11  403  api_not_allowed
12  403  ip_not_allowed
13  403  referrer_not_allowed
14  403  app_not_allowed
15  403  endpoint_not_allowed
16  403  scope_missing
17  403  subscription_inactive
18  403  tls_required
19  403  browser_not_allowed
20  429  rate_limited
21  429  quota_exceeded
22  503  unavailable
"""


def test_numbers_statuses_and_codes_never_change() -> None:
    """Spools and databases hold the numbers, callers' programs the codes."""
    told = [f"{v.number:<3} {v.status}  {v.code}" for v in Verdict]
    assert told == PINNED.strip().splitlines()


def test_each_is_found_by_number_and_by_code() -> None:
    assert [BY_NUMBER[v.number] for v in Verdict] == list(Verdict)
    assert [BY_CODE[v.code] for v in Verdict] == list(Verdict)


def test_only_one_passes() -> None:
    assert [v for v in Verdict if v.allowed] == [Verdict.VALID]


def test_a_caller_cannot_tell_malformed_from_unknown() -> None:
    malformed, unknown = Verdict.MALFORMED, Verdict.UNKNOWN
    assert malformed.title == unknown.title
    assert malformed.detail == unknown.detail
    assert malformed.status == unknown.status
    details = Counter(verdict.detail for verdict in Verdict)
    assert [detail for detail, count in details.items() if count > 1] == [unknown.detail]

"""What an audit row tells of what it holds."""

from keyhouse.core.audited import told_fields

AT = 1_764_547_200_000_000
TOLD = "2025-12-01T00:00:00Z"


def test_times_are_told_as_times_wherever_they_stand() -> None:
    held = {
        "ends_at": AT,
        "starts_at": None,
        "state_since": AT,
        "failing_since": AT,
        "overrides": [{"limit": {"amount": AT}, "ends_at": AT}],
        "carried": [{"name": "daily", "until": AT}],
        "version": 2,
    }
    assert told_fields(held) == {
        "ends_at": TOLD,
        "starts_at": None,
        "state_since": TOLD,
        "failing_since": TOLD,
        "overrides": [{"limit": {"amount": AT}, "ends_at": TOLD}],
        "carried": [{"name": "daily", "until": TOLD}],
        "version": 2,
    }


def test_metadata_is_told_as_it_was_given() -> None:
    """Its names are the owner's: a number under one is no time of ours."""
    held = {"metadata": {"paid_at": 3, "until": [{"ends_at": 4}]}}
    assert told_fields(held) == held


def test_whoever_tells_chooses_how_times_are_written() -> None:
    assert told_fields({"ends_at": 7, "name": "A"}, str) == {"ends_at": "7", "name": "A"}

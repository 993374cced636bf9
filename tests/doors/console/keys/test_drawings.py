from keyhouse.doors.console.keys.sparkline import HEIGHT, sparkline
from keyhouse.doors.console.keys.time_line import Stretch, time_line

HOUR = 3_600_000_000
DAY = 24 * HOUR
NOW = 1_700_000_000_000_000


def test_the_busiest_hour_is_as_high_as_the_row_and_one_request_is_seen() -> None:
    drawn = sparkline([0, 1, 100_000])
    assert [bar.height for bar in drawn.bars] == [1, 2, HEIGHT]
    assert [bar.quiet for bar in drawn.bars] == [True, False, False]
    assert all(bar.y + bar.height == HEIGHT for bar in drawn.bars)
    assert drawn.width == drawn.bars[-1].x + drawn.bars[-1].width


def test_a_sparkline_says_in_words_what_it_draws() -> None:
    assert sparkline([1]).label == "1 request in 1 hours"
    assert sparkline([0] * 23 + [1200], 7).label == "1,200 requests in 24 hours, 7 refused"


def test_one_secret_reaches_from_its_start_past_now() -> None:
    line = time_line([Stretch(1, NOW - DAY, None, NOW - HOUR)], NOW)
    (bar,) = line.bars
    assert (bar.x, bar.width, bar.cut_after) == (0, 100, True)
    assert bar.used is not None
    assert bar.used < line.now < 100
    assert line.overlap is None


def test_an_overlap_is_seen_however_old_the_key_is() -> None:
    secrets = [
        Stretch(1, NOW - 400 * DAY, NOW + HOUR // 2, NOW - 60),
        Stretch(2, NOW - HOUR // 2, None, None),
    ]
    line = time_line(secrets, NOW)
    assert line.overlap is not None
    start, end = line.overlap
    assert end - start > 30
    assert start < line.now < end
    newer, older = line.bars
    assert (newer.version, newer.x, newer.cut_after) == (2, start, True)
    assert (older.x, older.cut_before, older.cut_after) == (0, True, False)
    assert older.x + older.width == end


def test_an_overlap_long_past_does_not_hide_the_rest() -> None:
    secrets = [
        Stretch(1, NOW - 90 * DAY, NOW - 60 * DAY, None),
        Stretch(2, NOW - 61 * DAY, None, None),
    ]
    line = time_line(secrets, NOW)
    assert line.overlap is None
    assert line.start_us == NOW - 90 * DAY
    assert len(line.bars) == 2


def test_a_replacement_without_overlap_meets_edge_to_edge() -> None:
    at = NOW - HOUR
    line = time_line([Stretch(1, NOW - DAY, at, at), Stretch(2, at, None, NOW)], NOW)
    newer, older = line.bars
    assert older.x + older.width == newer.x
    assert line.overlap is None


def test_a_key_made_this_moment_can_be_drawn() -> None:
    line = time_line([Stretch(1, NOW, None, None)], NOW)
    assert 0 <= line.now <= 100
    assert line.bars[0].width > 0


def test_busy_and_quiet_hours_are_drawn_apart() -> None:
    drawn = sparkline([0, 5])
    assert drawn.quiet == "M0 19h3v1h-3z"
    assert drawn.busy == "M4 0h3v20h-3z"

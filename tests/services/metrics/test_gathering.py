"""What a process tells of itself, gathered and published."""

import threading
from collections.abc import Callable

import pytest

from keyhouse.core.metrics import Counted, Readings
from keyhouse.core.usage import Refund, Use
from keyhouse.core.verdict import Verdict
from keyhouse.ports import Mail
from keyhouse.services.jobs import Overtaken, Task
from keyhouse.services.meter.rolling import Rolling
from keyhouse.services.meter.totals import Totals
from keyhouse.services.metrics import Publisher, Tally, counted_delivery, counted_tasks

USE = Use("org_1", "org_1", "api_1", "", "key_1", 1, "app_1", "test", "")
AT = 60_000_000


def _rolling(*verdicts: Verdict, beside: str = "") -> Rolling:
    rolling = Rolling(0)
    for n, verdict in enumerate(verdicts):
        number = verdict.number
        units = 2 if verdict is Verdict.VALID else 0
        rolling.served(f"req_{n}", AT, USE, number, "GET", "/", 1, units, ())
        rolling.completed(f"req_{n}", AT, USE, number, 502, 250, 10, 20)
        if beside:
            way = (beside, number)
            rolling.beside[way] = rolling.beside.get(way, 0) + 1
    return rolling


def test_what_was_decided_is_told_by_door_and_verdict() -> None:
    totals, readings = Totals("proxy"), Readings()
    totals.take(_rolling(Verdict.VALID, Verdict.VALID, Verdict.UNKNOWN))
    totals.take(_rolling(Verdict.VALID, beside="verify"))
    totals.add_to(readings)
    assert readings["decisions_total"] == {
        ("proxy", "valid"): 2,
        ("proxy", "unknown"): 1,
        ("verify", "valid"): 1,
    }
    assert readings["units_total"] == {(): 6}
    assert readings["upstream_errors_total"] == {(): 4}
    assert (readings["bytes_in_total"], readings["bytes_out_total"]) == ({(): 40}, {(): 80})
    told = readings["request_seconds"][()]
    assert isinstance(told, Counted)
    assert (told.counts[2], sum(told.counts), told.total) == (4, 4, 0.001)


def test_units_that_come_back_later_take_nothing_off_a_counter() -> None:
    """One that falls is read as one that began anew: rates of it would be far too high."""
    totals, readings, number = Totals("proxy"), Readings(), Verdict.VALID.number
    told: list[tuple[float | Counted, float | Counted]] = []

    def look(rolling: Rolling) -> None:
        totals.take(rolling)
        totals.add_to(readings)
        names = ("units_total", "units_given_back_total")
        taken, back = (readings[name][()] for name in names)
        told.append((taken, back))

    begun, ended, whole = Rolling(0), Rolling(0), Rolling(0)
    begun.served("req_1", AT, USE, number, "GET", "/", 1, 4000, ("lse_1",))
    ended.completed("req_1", AT, USE, number, 200, 1, 1, 1, Refund(3900, ("lse_1",)))
    whole.served("req_2", AT, USE, number, "GET", "/", 1, 50, ("lse_1",))
    whole.completed("req_2", AT, USE, number, 200, 1, 1, 1, Refund(20, ("lse_1",)))
    for rolling in (begun, ended, whole):
        look(rolling)
    assert told == [(4000, 0), (4000, 3900), (4050, 3920)]


def test_nothing_is_counted_twice_however_often_it_is_read() -> None:
    totals, readings = Totals("proxy"), Readings()
    totals.take(_rolling(Verdict.VALID))
    for _ in range(3):
        totals.add_to(readings)
    assert readings["decisions_total"] == {("proxy", "valid"): 1}


class Shelf:
    def __init__(self) -> None:
        self.put_times = threading.Semaphore(0)
        self.readings: Readings = {}
        self.closed = False

    def put(self, readings: Readings) -> None:
        self.readings = readings
        self.put_times.release()

    def close(self) -> None:
        self.closed = True


def test_readings_are_published_until_the_end() -> None:
    shelf, tally = Shelf(), Tally()
    publisher = Publisher(shelf, [tally.add_to], seconds=0.01)
    publisher.start()
    assert shelf.put_times.acquire(timeout=10)
    tally.add("mails_total", "sent")
    for _ in range(3):
        assert shelf.put_times.acquire(timeout=10)
    assert shelf.readings == {"mails_total": {("sent",): 1}}
    publisher.stop()
    assert shelf.closed


def test_one_fault_does_not_end_the_metrics(caplog: pytest.LogCaptureFixture) -> None:
    """And is told once: a full disk must not fill the log as well."""
    shelf, broken = Shelf(), [True]
    failures = threading.Semaphore(0)

    def collect(readings: Readings) -> None:
        if broken[0]:
            failures.release()
            raise OSError("the disk is full")

    publisher = Publisher(shelf, [collect], seconds=0.01)
    publisher.start()
    for _ in range(3):
        assert failures.acquire(timeout=10)
    broken[0] = False
    assert shelf.put_times.acquire(timeout=10)
    publisher.stop()
    assert len(caplog.records) == 1


def _raising(error: Exception | None) -> Callable[..., None]:
    def act(_: object) -> None:
        if error is not None:
            raise error

    return act


def test_each_round_of_a_task_is_counted_by_whoever_did_it() -> None:
    tally, readings = Tally(), Readings()
    outcomes = {"well": None, "ill": OSError("x"), "others": Overtaken("others")}
    tasks = [Task(name, 1.0, _raising(error)) for name, error in outcomes.items()]
    for task in counted_tasks(tasks, tally):
        if (error := outcomes[task.name]) is None:
            task.run(None)  # type: ignore[arg-type]  # it looks at no claim
        else:
            with pytest.raises(type(error)):
                task.run(None)  # type: ignore[arg-type]  # as above
    tally.add_to(readings)
    assert readings["job_runs_total"] == {("well", "done"): 1, ("ill", "failed"): 1}
    assert set(readings["job_last_success_timestamp_seconds"]) == {("well",)}


def test_each_try_to_hand_over_a_mail_is_counted() -> None:
    tally, readings = Tally(), Readings()
    mail = Mail("a@example.com", "Subject", "Text")
    counted_delivery(_raising(None), tally)(mail)
    with pytest.raises(OSError, match="away"):
        counted_delivery(_raising(OSError("away")), tally)(mail)
    tally.add_to(readings)
    assert readings["mails_total"] == {("sent",): 1, ("failed",): 1}


def test_a_tally_does_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyhouse.services.metrics.tally.WAYS_MAX", 3)
    tally, readings = Tally(), Readings()
    for number in range(9):
        tally.add("management_requests_total", f"op_{number}", "200")
        tally.add("management_requests_total", "op_0", "200")
    tally.add_to(readings)
    assert len(readings["management_requests_total"]) == 3
    assert readings["management_requests_total"]["op_0", "200"] == 10

"""What is lost of a run that is long over is refused, and said."""

from datetime import timedelta

import pytest

from scheduler import reasons
from scheduler.correcting import Uncorrectable, Why
from scheduler.folding import Night
from scheduler.naming import Folded
from scheduler.reporting import Reporting
from storage.deliveries import tallies
from storage.folding import Folding
from storage.run_reports import RunReports
from storage.states import RunState, State
from tests.scheduler.world import DAILY, NOON, ZONE, Stage, a_vault, write_pack

DAY = timedelta(days=1)
ONCE = DAILY.replace('schedule = "30 8 * * *"', "at = 2026-11-23T08:30:00+08:00")
NOT_AGAIN = """
key = "word"
title = "一句话"
schedule = "0 9 * * *"
channels = ["next_visit"]
template = "reminder.j2"

[audience]
everyone = true
none = [{ received = ["a"] }]
"""


def a_night(stage):
    asked = stage.library.digests_asked
    Night(Folding(stage.db), keep_days=90, asked=asked).run(stage.now)


@pytest.fixture
def folded(db, tmp_path):
    """A stage on which a broadcast went out once, long ago."""
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[ONCE]))
    stage.reader("o-1", window=True)
    stage.desk.sweep(NOON)
    stage.work(stage.store.runs()[0].key)
    stage.desk.sweep(stage.pass_time(days=92))
    a_night(stage)
    assert stage.store.runs()[0].folded_at
    return stage


def test_its_numbers_are_told_as_before(folded):
    status = folded.desk.status("daily-digest")

    assert [(tally.channel, str(tally.state), tally.count) for tally in status.tallies] == [
        ("customer_service", "sent", 1)
    ]


def test_why_somebody_was_not_reached_is_told_as_before(folded):
    key = folded.store.runs()[0].key
    with folded.db.begin() as connection:
        why = {"key": key, "channel": "", "state": "gone", "error": "left", "number": 3}
        connection.execute(tallies.insert().values(why))

    report = Reporting(folded.store, RunReports(folded.db, a_vault(folded.db)), zone=ZONE).report(key, folded.now)

    assert report is not None
    assert (report.status.people, report.causes) == (4, [(reasons.of_delivery(State.GONE, "left"), 3)])


def test_it_is_not_sent_again(folded):
    key = folded.store.runs()[0].key

    with pytest.raises(Folded):
        folded.desk.forecast("daily-digest", folded.now, at_once=True)
    with pytest.raises(Folded):
        folded.desk.send_now("daily-digest", now=folded.now)
    folded.desk.sweep(folded.now)

    assert folded.states(folded.store.run(key)) == {"sent": 1}
    assert len(folded.store.runs()) == 1


def test_it_is_not_corrected(folded):
    with pytest.raises(Uncorrectable) as refused:
        folded.desk.correct("daily-digest", "更正", now=folded.now)

    assert refused.value.why is Why.FOLDED


def test_a_night_too_early_folds_nothing(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[ONCE]))
    stage.reader("o-1", window=True)
    stage.desk.sweep(NOON)
    stage.work(stage.store.runs()[0].key)
    stage.desk.sweep(stage.pass_time(days=90))
    a_night(stage)

    assert stage.store.runs()[0].folded_at is None


def test_who_received_a_digest_is_known_as_long_as_a_broadcast_asks(db, tmp_path):
    stage = Stage(db, write_pack(tmp_path / "pack", broadcasts=[ONCE, NOT_AGAIN]))
    stage.reader("o-1", window=True)
    stage.desk.sweep(NOON)
    (run,) = stage.store.runs(broadcast="daily-digest")
    stage.work(run.key)
    stage.desk.sweep(stage.pass_time(days=92))
    a_night(stage)

    assert len(stage.rows(run)) == 1
    assert sum(stage.desk.forecast("word", stage.now).channels.values()) == 0


def test_who_received_what_was_folded_is_not_guessed(folded, tmp_path):
    write_pack(tmp_path / "pack", broadcasts=[ONCE, NOT_AGAIN])
    folded.reload(tmp_path / "pack")
    folded.desk.sweep(folded.now)

    ahead = folded.desk.forecast("word", folded.now, at_once=True)
    run = folded.desk.send_now("word", now=folded.now)

    assert ahead.forgotten == ["a"]
    assert (run.state, run.reason) == (RunState.DONE, reasons.FORGOTTEN.format(digests="a"))
    assert folded.states(run) == {}

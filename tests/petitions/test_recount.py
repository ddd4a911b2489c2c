"""A petition's whole way leaves a log that anybody can recount."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from maninso.ledger.report import LogReport
from maninso.ledger.tiles import tile_paths
from maninso.ledger.verify import verify_log
from maninso.petitions.access import find_petition, log_key, read_log_file
from maninso.petitions.lifecycle import Actor, close_petition
from maninso.petitions.models import Obligation
from maninso.petitions.obligations import answer, record_met_thresholds

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def save_log(petition_id: int, size: int, folder: Path) -> None:
    for name in ("checkpoint", *(path.render() for path in tile_paths(size))):
        file = read_log_file(petition_id, name)
        assert file is not None
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(file.body)
    (folder / "key").write_text(f"{log_key(petition_id)}\n")


def test_opened_signed_voided_met_closed_and_answered_it_recounts(
    opened: Callable[..., int],
    sign: Callable[..., None],
    void: Callable[[int, int], None],
    sequence: Callable[[dt.datetime], None],
    now: dt.datetime,
    tmp_path: Path,
) -> None:
    petition_id = opened()
    sign(petition_id, *(f"person {number}" for number in range(300)))
    void(petition_id, 7)
    sequence(now + DAY)
    record_met_thresholds(now=now + DAY)
    sign(petition_id, "Ada", region=2)
    close_petition(petition_id, now=now + 2 * DAY)
    obligation = Obligation.objects.get(petition_id=petition_id)
    clerk = Actor(role="clerk")
    answer(obligation.pk, author="The mayor", summary="Yes.", body="", language="en", now=now + 3 * DAY, actor=clerk)
    sequence(now + 3 * DAY)
    view = find_petition(petition_id, now=now + 3 * DAY)
    assert view is not None
    assert view.ledger is not None
    save_log(petition_id, view.ledger.size, tmp_path)
    report = verify_log(str(tmp_path))
    assert isinstance(report, LogReport)
    assert report.problems == []
    assert report.tally is not None
    assert report.tally.count == view.count == 300
    assert dict(report.tally.by_region) == view.signatures_by_region == {"KR-11": 299, "KR-26": 1}
    assert {(each.threshold, each.leaf, each.ok) for each in report.tally.thresholds} == {
        (each.threshold_id, each.met_leaf, True) for each in view.thresholds
    }

"""Bills come from JSON and CSV alike, each whole or not at all, and replace what was kept under their number."""

import datetime as dt
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maninso import UnreadableError, UsageError
from maninso.petitions.access import find_bill, find_petition
from maninso.petitions.models import AuditRecord, Bill, Provision, Stage
from maninso.petitions.obligations import BillError, read_record
from maninso.petitions.opendata.bills import COLUMNS, BillsReport, import_bills

pytestmark = pytest.mark.django_db

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "bills.md").read_text(encoding="utf-8")
BILL: dict[str, Any] = {
    "register": "assembly-kr",
    "number": "2024-0117",
    "title": "Walking signals",
    "language": "en",
    "act_title": "Road Act",
    "enacted_on": "2024-06-05",
    "in_force_on": "2024-12-06",
    "stages": [{"stage": "proposed", "on": "2023-11-01"}, {"stage": "passed", "on": "2024-05-28", "note": "201 to 3"}],
    "provisions": [{"place": "Article 12", "before": "for adults", "after": "for children"}],
}


@pytest.fixture
def keep(tmp_path: Path, now: dt.datetime) -> Callable[..., BillsReport]:
    """Import records, written as JSON, or a text as CSV."""

    def run(given: object, *, dry: bool = False) -> BillsReport:
        path = tmp_path / ("bills.csv" if isinstance(given, str) else "bills.json")
        path.write_text(given if isinstance(given, str) else json.dumps(given), encoding="utf-8")
        return import_bills([path], dry=dry, now=now)

    return run


def counts(report: BillsReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, len(report.skipped)


def test_a_record_is_added_once_then_changed_as_a_whole(
    keep: Any, opened: Callable[..., int], now: dt.datetime
) -> None:
    petition_id = opened()
    record = {**BILL, "petitions": [{"petition": str(petition_id), "demand": "A crossing", "meets": "part"}]}
    assert [counts(keep([record])) for _ in range(2)] == [(1, 0, 0, 0), (0, 0, 1, 0)]
    assert counts(keep([{**record, "provisions": [], "title": "Signals"}])) == (0, 1, 0, 0)
    assert (Bill.objects.get().title, Provision.objects.count(), Stage.objects.count()) == ("Signals", 0, 2)
    assert [row.action for row in AuditRecord.objects.order_by("number")] == ["bill-added", "bill-changed"]
    view = find_petition(petition_id, now=now)
    assert view is not None
    (bill,) = view.bills
    assert (bill.demand, bill.meets, bill.is_law, [each.stage for each in bill.stages]) == (
        "A crossing",
        "part",
        True,
        ["proposed", "passed"],
    )


def test_a_dry_run_says_the_same_and_keeps_nothing(keep: Any) -> None:
    bad = {**BILL, "number": "2", "petitions": [{"petition": "4711"}]}
    for _ in range(2):
        report = keep([BILL, bad], dry=True)
        assert (counts(report), report.dry, report.read) == ((1, 0, 0, 1), True, 2)
    assert (Bill.objects.count(), AuditRecord.objects.count()) == (0, 0)


def test_csv_says_the_same_as_json(keep: Any) -> None:
    keep([BILL])
    digest = bytes(Bill.objects.get().digest)
    Bill.objects.all().delete()
    text = (
        "register,number,title,language,act_title,enacted_on,in_force_on,"
        "stage,stage_on,stage_note,provision,before,after\n"
        "assembly-kr,2024-0117,Walking signals,en,Road Act,2024-06-05,2024-12-06,"
        "proposed,2023-11-01,,Article 12,for adults,for children\n"
        "assembly-kr,2024-0117,,,,,,passed,2024-05-28,201 to 3,,,\n"
    )
    assert counts(keep("\ufeff" + text.replace("\n", "\r\n"))) == (1, 0, 0, 0)
    assert bytes(Bill.objects.get().digest) == digest


def test_what_was_written_down_can_be_imported(keep: Any, opened: Callable[..., int]) -> None:
    number = str(opened())
    for kind in ("json", "csv"):
        example = PAGE.partition(f"```{kind}\n")[2].partition("```")[0].replace('"12"', f'"{number}"')
        given = json.loads(example) if kind == "json" else example.replace(",12,", f",{number},")
        report = keep(given)
        assert report.skipped == []
    assert set(COLUMNS) <= set(re.findall(r"`([a-z_]+)`", PAGE))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"register": "Über"}, "register: "),
        ({"number": ""}, "number: "),
        ({"title": " "}, "title: "),
        ({"kind": "rumour"}, "kind: "),
        ({"address": "javascript:alert(1)"}, "address: "),
        ({"enacted_on": "soon"}, "enacted_on: "),
        ({"act_title": ""}, "record: act_title: "),
        ({"kind": "ruling"}, "record: act_title: "),
        ({"in_force_on": "2024-06-04"}, "record: in_force_on: "),
        ({"stages": [*BILL["stages"], {"stage": "passed", "on": "2020-01-01"}]}, "record: stages: "),
        ({"stages": [{"stage": "lost", "on": "2020-01-01"}]}, "stages.0.stage: "),
        ({"provisions": [{"place": "1", "before": "a", "after": "a"}]}, "provisions.0: before and after"),
        ({"petitions": [{"petition": "0"}]}, "petitions.0.petition: "),
        ({"petitions": [{"petition": "12", "meets": "maybe"}]}, "petitions.0.meets: "),
        ({"title": "a\0b"}, "title: "),
        ({"summary": "\u202eabc"}, "summary: "),
        ({"extra": 1}, "extra: "),
        ({"title": 7}, "title: "),
    ],
)
def test_a_record_that_is_wrong_is_named_by_its_field(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BillError) as caught:
        read_record({**BILL, **changed})
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("given", [None, 7, "x", [], {}])
def test_what_is_no_record_is_skipped(given: object, keep: Any) -> None:
    assert counts(keep([BILL, given])) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bills.json", b"{"),
        ("bills.json", b'{"laws": []}'),
        ("bills.json", b"\xff"),
        ("bills.json", b"[" * 100_000),
        ("bills.csv", b"register,number,colour\na,1,red\n"),
        ("bills.csv", b""),
        ("bills.csv", b'register,number\n"a,1\n'),
        ("bills.xml", b"<bills/>"),
    ],
)
def test_a_file_that_is_none_is_refused_before_anything_is_kept(
    name: str, data: bytes, tmp_path: Path, now: dt.datetime
) -> None:
    good, bad = tmp_path / "good.json", tmp_path / name
    good.write_text(json.dumps([BILL]))
    bad.write_bytes(data)
    with pytest.raises(UsageError):
        import_bills([good, bad], dry=False, now=now)
    with pytest.raises(UnreadableError):
        import_bills([good, tmp_path / "none.json"], dry=False, now=now)
    assert Bill.objects.count() == 0


def test_nobodys_bill_is_none() -> None:
    assert [find_bill(number) for number in (0, 1, 2**63)] == [None, None, None]

"""The presidential petition site's archive: kept line by line, bad lines named, a second run changes nothing."""

import datetime as dt
import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from maninso import UnreadableError
from maninso.charter import load_preset
from maninso.petitions.access import find_petition
from maninso.petitions.models import Obligation, Petition, SigningGate, StateChange
from maninso.petitions.opendata.bluehouse import import_blue_house
from maninso.petitions.opendata.importing import ImportReport, Reached, Skipped

pytestmark = pytest.mark.django_db

CHARTER = load_preset("blue-house-2019")

LINE: dict[str, Any] = {
    "category": "교통/건축/국토",
    "begin": "2019-06-03",
    "end": "2019-07-03",
    "content": "도서관 앞에 건널목을 놓아 주세요.",
    "num_agree": 1234,
    "petition_idx": "700001",
    "status": "청원종료",
    "title": "도서관 앞 건널목",
}


@pytest.fixture
def bring(tmp_path: Path, now: dt.datetime) -> Callable[..., ImportReport]:
    """Write lines (objects, or bytes as they are) to a file and import it; `at` is the moment."""

    def run(*lines: dict[str, Any] | bytes, at: dt.datetime = now, name: str = "lines.jsonl") -> ImportReport:
        path = tmp_path / name
        data = b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in lines)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return import_blue_house([path], charter=CHARTER, now=at)

    return run


def sums(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.added, report.unchanged, report.changed, len(report.skipped)


def reasons(report: ImportReport) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in report.skipped]


def test_a_line_becomes_a_closed_petition_with_a_reported_count(
    bring: Callable[..., ImportReport], now: dt.datetime
) -> None:
    assert sums(bring(LINE)) == (1, 1, 0, 0, 0)
    petition = Petition.objects.get(source="blue-house", source_id="700001")
    view = find_petition(petition.pk, now=now)
    assert view is not None
    assert (view.state, view.title, view.body, view.topic, view.language) == (
        "closed",
        "도서관 앞 건널목",
        "도서관 앞에 건널목을 놓아 주세요.",
        "교통/건축/국토",
        "ko",
    )
    assert (view.count, view.count_is_reported, view.source_status, view.ledger) == (1234, True, "청원종료", None)
    assert view.opened_at == dt.datetime(2019, 6, 2, 15, tzinfo=dt.UTC)  # midnight of 3 June in Seoul
    assert view.closes_at == view.closed_at == dt.datetime(2019, 7, 3, 15, tzinfo=dt.UTC)  # the end of 3 July
    assert view.would_owe == ()
    assert SigningGate.objects.count() == 0
    changes = StateChange.objects.values_list("petition_id", "old", "new", "at", "role", "actor")
    assert list(changes) == [(petition.pk, "", "closed", now, "system", "import")]


def test_what_the_charter_would_have_owed_is_said_and_creates_no_debt(
    bring: Callable[..., ImportReport], now: dt.datetime
) -> None:
    below, at, above = (
        {**LINE, "petition_idx": str(700010 + index), "num_agree": 199_999 + index} for index in range(3)
    )
    report = bring(below, at, above)
    numbers = dict(Petition.objects.values_list("source_id", "pk"))
    assert report.reached == [
        Reached(
            petition_id=numbers[line["petition_idx"]],
            source_id=line["petition_idx"],
            title="도서관 앞 건널목",
            count=line["num_agree"],
            needed=200_000,
            what={"ko": "정부의 답변", "en": "an answer"},
            who={"ko": "장관 또는 수석비서관", "en": "a minister or a senior secretary to the President"},
            due_on=dt.date(2019, 8, 2),  # 30 days after 3 July, the last day
        )
        for line in (above, at)
    ]
    view = find_petition(numbers["700011"], now=now)
    assert view is not None
    assert [(each.needed, each.due_on) for each in view.would_owe] == [(200_000, dt.date(2019, 8, 2))]
    assert [(each.met, each.met_at, each.met_leaf) for each in view.thresholds] == [(True, None, None)]
    assert (view.obligations, Obligation.objects.count()) == ((), 0)


def test_a_second_run_changes_nothing(bring: Callable[..., ImportReport], now: dt.datetime) -> None:
    lines = [{**LINE, "petition_idx": str(number), "num_agree": 200_000 + number} for number in range(5)]
    first = bring(*lines)
    before = list(Petition.objects.order_by("pk").values())
    second = bring(*lines, at=now + dt.timedelta(days=1))
    assert (sums(first), sums(second)) == ((5, 5, 0, 0, 0), (5, 0, 5, 0, 0))
    assert list(Petition.objects.order_by("pk").values()) == before
    assert (second.reached, len(second.reached)) == (first.reached, 5)
    assert StateChange.objects.count() == 5


def test_a_second_run_uses_no_petition_numbers(bring: Callable[..., ImportReport]) -> None:
    def last_number() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT last_value FROM petitions_petition_id_seq")
            return int(cursor.fetchone()[0])

    bring(LINE)
    before = last_number()
    bring(LINE)
    assert last_number() == before


def test_a_newer_count_and_state_are_taken_over(bring: Callable[..., ImportReport], now: dt.datetime) -> None:
    bring(LINE)
    later = now + dt.timedelta(days=1)
    assert sums(bring({**LINE, "num_agree": 1300, "status": "브리핑"}, at=later)) == (1, 0, 0, 1, 0)
    assert list(Petition.objects.values_list("reported_count", "source_status", "updated_at")) == [
        (1300, "브리핑", later)
    ]


@pytest.mark.parametrize("changed", [{"content": "다른 글"}, {"title": "다른 제목"}, {"end": "2019-07-04"}])
def test_a_text_or_day_that_was_kept_never_changes(changed: dict[str, str], bring: Callable[..., ImportReport]) -> None:
    bring(LINE)
    number = Petition.objects.get().pk
    assert reasons(bring({**LINE, **changed})) == [
        (1, f"its text or days differ from petition {number}, kept from an earlier import; those never change")
    ]
    assert Petition.objects.get().title == LINE["title"]


def without(field: str) -> bytes:
    return json.dumps({name: value for name, value in LINE.items() if name != field}).encode() + b"\n"


BAD: list[tuple[str, dict[str, Any] | bytes, str]] = [
    ("not JSON", b"{'a': 1}\n", "not JSON: Expecting property name enclosed in double quotes at character 2"),
    ("an array", b"[]\n", "not a JSON object"),
    ("NaN", b'{"num_agree": NaN}\n', "not JSON that can be used: NaN is not JSON"),
    ("nested", b'{"a":' * 100_000, "not JSON that can be used: maximum recursion depth exceeded"),
    ("not UTF-8", b'{"title": "\xff"}\n', "not UTF-8 at byte 12"),
    ("a field twice", b'{"title": "a", "title": "b"}\n', "a field is given twice"),
    *[(f"no {name}", without(name), f"{name} is missing") for name in LINE],
    ("a number for a text", {**LINE, "title": 5}, "title is 5, not a text"),
    ("null for a text", {**LINE, "content": None}, "content is null, not a text"),
    ("a text for a number", {**LINE, "num_agree": "1,234"}, 'num_agree is "1,234", not a whole number'),
    ("a fraction", {**LINE, "num_agree": 1.5}, "num_agree is 1.5, not a whole number"),
    ("true", {**LINE, "num_agree": True}, "num_agree is true, not a whole number"),
    ("below zero", {**LINE, "num_agree": -1}, "num_agree is -1, not a number of people"),
    ("more than people", {**LINE, "num_agree": 10**12}, "num_agree is 1000000000000, not a number of people"),
    ("no such day", {**LINE, "begin": "2019-02-30"}, 'begin is "2019-02-30", not a day such as 2019-04-01'),
    ("another form", {**LINE, "end": "20190703"}, 'end is "20190703", not a day such as 2019-04-01'),
    ("the year one", {**LINE, "begin": "0001-01-01"}, "begin is 0001-01-01, not a day of such a site"),
    ("end first", {**LINE, "end": "2019-06-02"}, "end 2019-06-02 is before begin 2019-06-03"),
    (
        "to come",
        {**LINE, "end": "2026-03-02"},
        "end 2026-03-02 is not over yet: a petition is imported once it has closed",
    ),
    ("NUL", {**LINE, "content": "a\0b"}, "content holds a NUL character"),
    ("half a character", {**LINE, "title": "\ud800"}, "title holds half of a character (a lone surrogate)"),
    ("no title", {**LINE, "title": " "}, "title is empty"),
    ("no number", {**LINE, "petition_idx": ""}, 'petition_idx is "", not a petition\'s number'),
    ("a number below zero", {**LINE, "petition_idx": -4}, "petition_idx is -4, not a petition's number"),
]


@pytest.mark.parametrize(("line", "reason"), [pytest.param(*each[1:], id=each[0]) for each in BAD])
def test_a_bad_line_is_named_and_the_rest_is_kept(
    line: dict[str, Any] | bytes, reason: str, bring: Callable[..., ImportReport], tmp_path: Path
) -> None:
    if isinstance(line, bytes) and not line.endswith(b"\n"):
        line += b"\n"
    report = bring({**LINE, "petition_idx": "1"}, line, {**LINE, "petition_idx": "2"})
    assert sums(report) == (3, 2, 0, 0, 1)
    (skipped,) = report.skipped
    assert (skipped.file, skipped.line) == (str(tmp_path / "lines.jsonl"), 2)
    assert skipped.reason.startswith(reason)


def test_a_line_from_before_the_charters_tables_is_named(tmp_path: Path, now: dt.datetime) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(LINE))
    report = import_blue_house([path], charter=load_preset("eu-eci"), now=now)
    ((line, reason),) = reasons(report)
    assert (line, Petition.objects.count()) == (1, 0)
    assert reason.startswith("eu-eci has no rule for it: registered 2019-06-03")


def test_the_same_number_with_other_content_is_named(bring: Callable[..., ImportReport], tmp_path: Path) -> None:
    report = bring(LINE, LINE, {**LINE, "num_agree": 5})
    assert sums(report) == (3, 1, 1, 0, 1)
    assert reasons(report) == [
        (3, f"petition_idx 700001 is on {tmp_path / 'lines.jsonl'}:1 already, with other content")
    ]
    assert Petition.objects.get().reported_count == 1234


def test_a_petition_without_a_text_is_kept(bring: Callable[..., ImportReport]) -> None:
    assert sums(bring({**LINE, "content": ""})) == (1, 1, 0, 0, 0)


def test_a_number_may_be_a_number(bring: Callable[..., ImportReport]) -> None:
    bring({**LINE, "petition_idx": 42})
    assert Petition.objects.get().source_id == "42"


def test_blank_lines_a_byte_order_mark_and_windows_line_ends_do_no_harm(bring: Callable[..., ImportReport]) -> None:
    line = json.dumps(LINE).encode()
    report = bring(b"\xef\xbb\xbf" + line + b"\r\n", b"\r\n", b"\n", b"oops")
    assert (sums(report), reasons(report)[0][0]) == ((2, 1, 0, 0, 1), 4)


def test_gzip_is_known_by_its_bytes(bring: Callable[..., ImportReport], tmp_path: Path, now: dt.datetime) -> None:
    assert sums(bring(LINE, name="lines.jsonl.gz")) == (1, 1, 0, 0, 0)
    (tmp_path / "lines.jsonl.gz").rename(tmp_path / "renamed")
    report = import_blue_house([tmp_path / "renamed"], charter=CHARTER, now=now)
    assert sums(report) == (1, 0, 1, 0, 0)


def test_a_file_that_breaks_off_keeps_what_came_before(tmp_path: Path, now: dt.datetime) -> None:
    lines = b"".join(
        json.dumps({**LINE, "petition_idx": str(number), "content": f"{number:x}" * 40}).encode() + b"\n"
        for number in range(5000, 5400)
    )
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl.gz"
    whole.write_bytes(json.dumps(LINE).encode())
    data = gzip.compress(lines)
    broken.write_bytes(data[: len(data) // 2])
    report = import_blue_house([broken, whole], charter=CHARTER, now=now)
    (skipped,) = report.skipped
    assert skipped.reason.startswith("the file cannot be read from here on: ")
    assert report.added == skipped.line  # the lines before the break, and the one of the whole file
    assert report.added > 100


def test_a_line_that_is_far_too_long_is_named(bring: Callable[..., ImportReport]) -> None:
    report = bring({**LINE, "content": "x" * 9_000_000}, {**LINE, "petition_idx": "2"})
    assert reasons(report) == [(1, "the line has more than 4000000 bytes")]
    assert report.added == 1


def test_a_missing_file_stops_the_import_before_anything_is_kept(
    bring: Callable[..., ImportReport], tmp_path: Path, now: dt.datetime
) -> None:
    there = tmp_path / "there.jsonl"
    there.write_text(json.dumps(LINE))
    with pytest.raises(UnreadableError, match=r"gone\.jsonl: No such file or directory"):
        import_blue_house([there, tmp_path / "gone.jsonl"], charter=CHARTER, now=now)
    assert Petition.objects.count() == 0


def test_a_pipe_is_read_too(tmp_path: Path, now: dt.datetime) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(gzip.compress(json.dumps(LINE).encode()))
    report = import_blue_house([Path(f"/dev/fd/{reader}")], charter=CHARTER, now=now)
    os.close(reader)
    assert sums(report) == (1, 1, 0, 0, 0)


def test_more_than_one_batch_and_progress(tmp_path: Path, now: dt.datetime) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({**LINE, "petition_idx": str(number)}) + "\n" for number in range(1, 1102)))
    told: list[tuple[int, int]] = []
    report = import_blue_house(
        [path], charter=CHARTER, now=now, progress=lambda done, total: told.append((done, total))
    )
    assert sums(report) == (1101, 1101, 0, 0, 0)
    size = path.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) == 3


def test_places_are_told_in_the_order_of_the_files(tmp_path: Path, now: dt.datetime) -> None:
    first, second = tmp_path / "b.jsonl", tmp_path / "a.jsonl"
    for path in (first, second):
        path.write_text("oops\n\nno\n")
    report = import_blue_house([first, second], charter=CHARTER, now=now)
    assert [Skipped(file=each.file, line=each.line, reason="") for each in report.skipped] == [
        Skipped(file=str(path), line=line, reason="") for path in (first, second) for line in (1, 3)
    ]

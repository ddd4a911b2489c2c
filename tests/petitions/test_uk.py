"""Petitions in petition.parliament.uk's JSON, and the presidential archive given back as it came."""

import datetime as dt
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from maninso import UnreadableError
from maninso.charter import load_preset
from maninso.petitions.access import find_petition
from maninso.petitions.lifecycle import Reason, hide_petition
from maninso.petitions.models import Petition, ReportedRecord
from maninso.petitions.opendata.bluehouse import import_blue_house
from maninso.petitions.opendata.importing import ImportReport
from maninso.petitions.opendata.lines import write_blue_house
from maninso.petitions.opendata.published import list_published
from maninso.petitions.opendata.uk import import_uk

pytestmark = pytest.mark.django_db

GZIP = b"\x1f\x8b"
CHARTER = load_preset("uk-parliament")

ATTRIBUTES: dict[str, Any] = {
    "action": "Put a zebra crossing in front of every library",
    "background": "Children cross the road there.",
    "additional_details": "It costs little.",
    "committee_note": "",
    "state": "closed",
    "signature_count": 12_345,
    "created_at": "2019-05-01T09:00:00.000Z",
    "opened_at": "2019-06-01T10:00:00.000Z",
    "closed_at": "2019-12-01T23:59:59.000Z",
    "government_response": {"summary": "We will."},
    "debate": None,
    "topics": ["transport", "children"],
}


def record(number: Any = 700_001, **changes: Any) -> dict[str, Any]:
    return {"type": "petition", "id": number, "attributes": ATTRIBUTES | changes}


@pytest.fixture
def bring(tmp_path: Path, now: dt.datetime) -> Callable[..., ImportReport]:
    """Write each thing to a file of its own and import the folder."""

    def run(*bodies: Any, dry: bool = False) -> ImportReport:
        folder = tmp_path / "uk"
        folder.mkdir(exist_ok=True)
        for number, body in enumerate(bodies):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            ending = ".json.gz" if data[:2] == GZIP else ".json"
            (folder / f"{number}{ending}").write_bytes(data)
        return import_uk(folder, charter=CHARTER, now=now, dry=dry)

    return run


def sums(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.read, report.added, report.unchanged, report.changed, len(report.skipped)


def test_lists_and_single_petitions(bring: Callable[..., ImportReport], now: dt.datetime) -> None:
    several = {"links": {}, "data": [record(), record(700_002, signature_count=9)]}
    packed = gzip.compress(json.dumps({"data": record(700_003, debate={"debated_on": "2019-11-01"})}).encode())
    given = (several, packed, {"data": record(700_004, closed_at=None, closing_date="2019-12-01", topics=[])})
    report = bring(*given)
    assert sums(report) == (4, 4, 0, 0, 0)
    assert [(each.source_id, each.needed, each.count) for each in report.reached] == [
        ("700001", 10_000, 12_345),
        ("700003", 10_000, 12_345),
        ("700004", 10_000, 12_345),
    ]
    assert sums(bring(*given)) == (4, 0, 4, 0, 0)
    view = find_petition(Petition.objects.get(source="uk", source_id="700001").pk, now=now)
    assert view is not None
    assert (view.title, view.body) == (ATTRIBUTES["action"], "Children cross the road there.\n\nIt costs little.")
    assert (view.state, view.topic, view.language, view.source_status) == ("closed", "transport", "en", "with_response")
    assert (view.count, view.count_is_reported, view.ledger) == (12_345, True, None)
    assert view.opened_at == dt.datetime(2019, 6, 1, 10, tzinfo=dt.UTC)
    assert view.closes_at == dt.datetime(2019, 12, 1, 23, 59, 59, tzinfo=dt.UTC)
    statuses = dict(Petition.objects.values_list("source_id", "source_status"))
    assert statuses["700003"] == "debated"
    assert Petition.objects.get(source_id="700004").closes_at == dt.datetime(2019, 12, 2, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"[]", "not a JSON object"),
        (b"{", "not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b"\x1f\x8bx", "Compressed file ended before the end-of-stream marker was reached"),
        ({"data": None}, "`data` is neither a petition nor a list of them"),
        ({"data": [7]}, "it has no attributes"),
        ({"data": record("1")}, 'id is "1", not a petition\'s number'),
        ({"data": record(True)}, "id is true, not a petition's number"),
        (
            {"data": record(state="hidden")},
            'its state is "hidden": only petitions that opened or were rejected are kept',
        ),
        (
            {"data": record(state="rejected", rejection=None)},
            "it was rejected, and `rejection` gives no code of a reason",
        ),
        (
            {"data": record(state="rejected", rejection={"code": "duplicate"})},
            "rejected_at is null, not a time such as 2016-06-25T10:00:00.000Z",
        ),
        ({"data": record(government_response="yes")}, 'government_response is "yes", not an object'),
        ({"data": record(government_response={"details": "x"})}, "government_response has no summary"),
        ({"data": record(debate={"debated_on": "soon"})}, 'debate.debated_on is "soon", not a day such as 2019-04-01'),
        (
            {"data": record(debate={"video_url": "javascript:alert(1)"})},
            'debate.video_url is "javascript:alert(1)", not a web address',
        ),
        ({"data": record(debate={"video_url": "http://[x"})}, 'debate.video_url is "http://[x", not a web address'),
        ({"data": record(signatures_by_region=[7])}, "signatures_by_region is not a list of objects"),
        (
            {"data": record(signatures_by_country=[{"code": "GB", "name": "UK", "signature_count": -1}])},
            "signatures_by_country.signature_count is -1, not a number of people",
        ),
        (
            {"data": record(signatures_by_country=[{"code": "GB", "name": "UK", "signature_count": 1}] * 2)},
            'signatures_by_country has "GB" as a code, which is empty or there twice',
        ),
        ({"data": record(signature_count=-1)}, "signature_count is -1, not a number of people"),
        ({"data": record(action=" ")}, "action is empty"),
        ({"data": record(action="a\0")}, "action holds a NUL character"),
        (
            {"data": record(opened_at="2019-06-01")},
            'opened_at is "2019-06-01", not a time such as 2016-06-25T10:00:00.000Z',
        ),
        ({"data": record(closed_at=None)}, "neither closed_at nor closing_date says when it closed"),
        ({"data": record(closed_at=None, closing_date=7)}, "closing_date is 7, not a day such as 2019-04-01"),
        ({"data": record(closed_at="2019-05-01T00:00:00Z")}, "it closed before it opened"),
        (
            {"data": record(state="open", closed_at=None, closing_date="2999-01-01")},
            "it is not over yet: a petition is imported once it has closed",
        ),
        (
            {"data": record(signatures_needed=10)},
            "this list has only the beginning of each text: take the petition's own JSON",
        ),
        ({"data": record(topics=[7])}, "topics is 7, not a text"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_kept(
    bring: Callable[..., ImportReport], body: Any, reason: str
) -> None:
    report = bring({"data": record(700_009)}, body)
    assert [each.reason for each in report.skipped] == [reason]
    assert sums(report)[:2] == (2, 1)


def test_a_petition_that_is_there_twice_is_kept_once(bring: Callable[..., ImportReport]) -> None:
    report = bring({"data": record()}, {"data": record(signature_count=1)}, {"data": record()})
    assert (report.added, report.unchanged, len(report.skipped)) == (1, 1, 1)
    assert "already, with other content" in report.skipped[0].reason


OUTCOME: dict[str, Any] = {
    "government_response": {"responded_on": "2019-08-01", "summary": "We will.", "details": "From *May*."},
    "debate": {"debated_on": "2019-11-01", "video_url": "https://video.example/1", "overview": "MPs agreed."},
    "signatures_by_region": [{"name": "Wales", "ons_code": "W92", "signature_count": 345}],
    "signatures_by_constituency": [{"name": "Gower", "ons_code": "W07", "mp": "x", "signature_count": 345}],
    "signatures_by_country": [{"name": "United Kingdom", "code": "GB", "signature_count": 12_000}],
}


def test_what_came_of_it_there_is_kept_as_reported(
    bring: Callable[..., ImportReport], client: Client, now: dt.datetime
) -> None:
    bring({"data": record(**OUTCOME)})
    row = Petition.objects.get(source="uk")
    view = find_petition(row.pk, now=now)
    assert view is not None
    assert view.reported is not None
    assert (view.signatures_by_region, view.ledger, view.obligations) == ({}, None, ())  # none of it is counted here
    said = client.get(f"/petitions/{row.pk}.json").json()["data"]["attributes"]
    assert {**said["government_response"], "created_at": 0, "updated_at": 0} == {
        **OUTCOME["government_response"],
        "created_at": 0,
        "updated_at": 0,
    }
    assert (said["debate"]["debated_on"], said["debate"]["video_url"]) == ("2019-11-01", "https://video.example/1")
    assert said["signatures_by_region"] == OUTCOME["signatures_by_region"]
    assert said["signatures_by_constituency"] == [OUTCOME["signatures_by_constituency"][0] | {"mp": None}]
    assert said["signatures_by_country"] == OUTCOME["signatures_by_country"]
    own = client.get(f"/api/v1/petitions/{row.pk}").json()
    assert own["reported"]["by_country"] == [{"name": "United Kingdom", "code": "GB", "signature_count": 12_000}]
    assert own["reported"]["response"]["summary"] == "We will."
    assert client.get(f"/api/v1/petitions/{row.pk}/breakdowns").json()["by_region"] == []
    (listed,) = client.get("/petitions.json").json()["data"]
    assert listed["attributes"]["government_response"]["summary"] == "We will."
    page = client.get(f"/en/petitions/{row.pk}").content.decode()
    for word in ("We will.", "MPs agreed.", "https://video.example/1", "Gower", "not counted here"):
        assert word in page
    # What Maninso gives is what it takes.
    again = bring({"data": {"id": 700_001, "attributes": said}})
    assert sums(again) == (1, 0, 1, 0, 0)


def test_a_newer_file_brings_what_came_since(bring: Callable[..., ImportReport], now: dt.datetime) -> None:
    assert bring({"data": record()}).added == 1
    before = published_digest(now)
    assert bring({"data": record(**OUTCOME)}).changed == 1
    assert published_digest(now) != before
    assert bring({"data": record(**OUTCOME)}).unchanged == 1
    assert bring({"data": record(government_response=None)}).changed == 1
    assert ReportedRecord.objects.count() == 0


def published_digest(now: dt.datetime) -> str:
    (only,) = list_published(now=now)
    return only.digest


REJECTED: dict[str, Any] = {
    "state": "rejected",
    "opened_at": None,
    "closed_at": None,
    "government_response": None,
    "signature_count": 5,
    "rejected_at": "2019-05-09T08:00:00.000Z",
    "rejection": {"code": "duplicate", "details": "There is one already."},
}


def test_a_rejected_petition_is_kept_with_its_reason(
    bring: Callable[..., ImportReport], client: Client, now: dt.datetime
) -> None:
    assert sums(bring({"data": record(**REJECTED)})) == (1, 1, 0, 0, 0)
    row = Petition.objects.get(source="uk")
    assert (row.state, row.reason_code, row.opened_at, row.text_digest) == ("rejected", "duplicate", None, None)
    said = client.get(f"/petitions/{row.pk}.json").json()["data"]["attributes"]
    assert (said["state"], said["rejected_at"], said["opened_at"]) == ("rejected", "2019-05-09T08:00:00.000Z", None)
    assert (said["rejection"]["code"], said["rejection"]["details"]) == ("duplicate", "There is one already.")
    assert client.get(f"/api/v1/petitions/{row.pk}").json()["would_owe"] == []
    page = client.get(f"/en/petitions/{row.pk}")
    text = page.content.decode()
    assert (page.status_code, "There is one already." in text) == (200, True)
    assert "can be raised again" not in text  # its rules are another site's
    assert [each["id"] for each in client.get("/petitions.json?state=rejected").json()["data"]] == [row.pk]
    assert sums(bring({"data": record(**REJECTED)})) == (1, 0, 1, 0, 0)
    other = {"code": "irrelevant", "details": "It is not for parliament."}
    assert sums(bring({"data": record(**REJECTED | {"rejection": other})})) == (1, 0, 0, 1, 0)
    row.refresh_from_db()
    assert (row.reason_code, row.updated_at) == ("irrelevant", dt.datetime(2019, 5, 9, 8, tzinfo=dt.UTC))
    for changed in ({"action": "Something else"}, {"state": "closed", "opened_at": ATTRIBUTES["opened_at"]}):
        report = bring({"data": record(**REJECTED | {"closed_at": ATTRIBUTES["closed_at"]} | changed)})
        assert "those never change" in report.skipped[0].reason
    hide_petition(row.pk, reason=Reason(code="personal-data"), now=now)
    bring({"data": record(**REJECTED | {"signature_count": 6})})
    row.refresh_from_db()
    assert (row.state, row.reason_code) == ("hidden", "personal-data")
    assert client.get(f"/en/petitions/{row.pk}").status_code == 410


def test_a_dry_run_keeps_nothing(bring: Callable[..., ImportReport]) -> None:
    report = bring({"data": [record(**OUTCOME), {}]}, dry=True)
    assert (report.dry, sums(report), Petition.objects.count()) == (True, (2, 1, 0, 0, 1), 0)


def test_a_folder_without_petitions_is_unreadable(tmp_path: Path, now: dt.datetime) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UnreadableError):
            import_uk(place, charter=CHARTER, now=now)


def test_the_presidential_archive_is_given_back_as_it_came(tmp_path: Path, now: dt.datetime) -> None:
    lines = [
        {
            "category": "교통/건축/국토",
            "begin": "2019-06-03",
            "end": "2019-07-03",
            "content": f"도서관 앞에 건널목을 놓아 주세요.\n{number}",
            "num_agree": number,
            "petition_idx": str(700_000 + number),
            "status": "청원종료",
            "title": '도서관 앞 "건널목"',
        }
        for number in range(3)
    ]
    rules = load_preset("blue-house-2019")
    first = tmp_path / "first.jsonl"
    first.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    import_blue_house([first], charter=rules, now=now)
    again = tmp_path / "again.jsonl"
    again.write_bytes(b"".join(write_blue_house()))
    assert again.read_bytes() == first.read_bytes()
    report = import_blue_house([again], charter=rules, now=now)
    assert (report.unchanged, report.added, report.skipped) == (3, 0, [])

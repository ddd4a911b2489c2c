"""Bills as the office writes them: new, changed, taken away; nothing lost, nobody overwritten."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from maninso.petitions.models import AuditRecord, Bill

pytestmark = pytest.mark.django_db

WORDS = {
    "register": "assembly",
    "number": "77",
    "kind": "bill",
    "title": "Benches at every stop",
    "language": "en",
    "body": "Town council",
    "proposer": "Ada Lee",
    "stages-stage": ["proposed", "passed", "proposed"],
    "stages-on": ["2026-03-02", "2026-04-02", ""],
    "stages-note": ["", "9 to 2", ""],
    "provisions-place": ["Section 4", ""],
    "provisions-before": ["", ""],
    "provisions-after": ["Every stop has a bench.", ""],
    "petitions-petition": ["", ""],
    "petitions-demand": ["", ""],
    "petitions-meets": ["whole", "whole"],
    "do": "save",
}


@pytest.fixture
def written(enter: Any, opened: Callable[..., int]) -> Callable[[], tuple[Client, int, dict[str, Any]]]:
    """Let a clerk write a bill about a petition; return the clerk, its number, and what was sent."""

    def write() -> tuple[Client, int, dict[str, Any]]:
        clerk, given = enter("clerk"), {**WORDS, "petitions-petition": [str(opened()), ""]}
        answer = clerk.post("/office/bills/new", given)
        assert answer.status_code == 303
        return clerk, int(answer["Location"].rpartition("/")[2]), given

    return write


def seen_by(client: Client, bill: int) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', client.get(f"/office/bills/{bill}").content.decode())
    assert found is not None
    return found[1]


def test_a_clerk_writes_a_bill_and_the_public_reads_it(written: Any, client: Client) -> None:
    clerk, bill, given = written()
    petition_id = given["petitions-petition"][0]
    for page in (client.get(f"/en/bills/{bill}"), client.get(f"/en/petitions/{petition_id}")):
        assert "Benches at every stop" in page.content.decode()
    public = client.get(f"/en/bills/{bill}").content.decode()
    for said in ("Ada Lee", "9 to 2", "Every stop has a bench.", "meets the demand"):
        assert said in public
    assert [(each.stage, each.note) for each in Bill.objects.get().stages.order_by("position")] == [
        ("proposed", ""),
        ("passed", "9 to 2"),
    ]
    assert "Benches at every stop" in clerk.get("/en/office/bills").content.decode()
    record = AuditRecord.objects.get(action="bill-added")
    assert (record.role, record.actor, record.subject) == ("clerk", "clerk@example.org", f"bill/{bill}")


def test_it_becomes_a_law_and_an_emptied_row_goes(written: Any, client: Client) -> None:
    clerk, bill, given = written()
    law = {"act_title": "Bus Stops Act", "enacted_on": "2026-05-01", "in_force_on": "2026-06-01"}
    changed = {**given, **law, "number": "78", "provisions-after": ["", ""], "provisions-place": ["", ""]}
    assert clerk.post(f"/office/bills/{bill}", {**changed, "seen": seen_by(clerk, bill)}).status_code == 303
    kept = Bill.objects.get()
    assert (kept.number, kept.act_title, kept.provisions.count(), kept.links.count()) == ("77", "Bus Stops Act", 0, 1)
    assert "Bus Stops Act" in client.get(f"/en/bills/{bill}").content.decode()
    assert AuditRecord.objects.filter(action="bill-changed", subject=f"bill/{bill}").count() == 1


def test_the_form_shows_what_is_kept(written: Any) -> None:
    clerk, bill, given = written()
    form = clerk.get(f"/en/office/bills/{bill}").content.decode()
    for value in ("Town council", "2026-04-02", "9 to 2", "Section 4", given["petitions-petition"][0]):
        assert f'value="{value}"' in form
    same = clerk.post(f"/office/bills/{bill}", {**given, "seen": seen_by(clerk, bill)})
    assert same.status_code == 303
    assert AuditRecord.objects.filter(action="bill-changed").count() == 0


def test_who_saves_over_a_colleagues_change_is_told_and_loses_nothing(written: Any) -> None:
    clerk, bill, given = written()
    seen = seen_by(clerk, bill)
    clerk.post(f"/office/bills/{bill}", {**given, "title": "Benches and roofs", "seen": seen})
    late = clerk.post(f"/en/office/bills/{bill}", {**given, "title": "Benches and trees", "seen": seen})
    assert (late.status_code, "This bill was changed meanwhile" in late.content.decode()) == (409, True)
    assert 'value="Benches and trees"' in late.content.decode()
    assert Bill.objects.get().title == "Benches and roofs"
    fresh = re.search(r'name="seen" value="([0-9a-f]{64})"', late.content.decode())
    assert fresh is not None
    again = clerk.post(f"/office/bills/{bill}", {**given, "title": "Benches and trees", "seen": fresh[1]})
    assert (again.status_code, Bill.objects.get().title) == (303, "Benches and trees")
    twice = clerk.post("/en/office/bills/new", given)
    assert (twice.status_code, Bill.objects.count()) == (409, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Title"),
        ({"register": "Assembly!"}, "Register"),
        ({"kind": "law"}, "Kind"),
        ({"address": "javascript:alert(1)"}, "Address in its register"),
        ({"act_title": "Act"}, "Title of the act"),
        ({"act_title": "Act", "enacted_on": "2026-05-01", "in_force_on": "2026-01-01"}, "In force from"),
        ({"stages-on": ["2026-04-03", "2026-04-02", ""]}, "Its way"),
        ({"stages-on": ["2026-04-01", "soon", ""]}, "Its way, 2"),
        ({"stages-stage": ["lost", "passed", "proposed"]}, "Its way, 1"),
        ({"provisions-place": ["", ""]}, "What it changes, 1"),
        ({"petitions-petition": ["999999", ""]}, "The petitions behind it"),
        ({"petitions-petition": ["twelve", ""]}, "The petitions behind it, 1"),
        ({"title": "a\0"}, "Title"),
    ],
)
def test_what_is_wrong_is_named_and_the_form_keeps_what_was_written(
    changes: dict[str, Any], said: str, enter: Any
) -> None:
    answer = enter("clerk").post("/en/office/bills/new", {**WORDS, **changes})
    page = answer.content.decode()
    assert (answer.status_code, f"This cannot be kept as it is: {said}." in page) == (409, True)
    assert 'value="Ada Lee"' in page
    assert "Every stop has a bench." in page
    assert not Bill.objects.exists()


def test_more_rows_keep_what_was_written_and_save_nothing(enter: Any) -> None:
    clerk = enter("clerk")
    before = clerk.get("/en/office/bills/new").content.decode().count('name="stages-on"')
    page = clerk.post("/en/office/bills/new", {**WORDS, "do": "more"}).content.decode()
    assert (page.count('name="stages-on"'), 'value="9 to 2"' in page) == (before + 4, True)
    assert not Bill.objects.exists()


def test_a_ruling_is_written_the_same_way(enter: Any, client: Client) -> None:
    changes = {"kind": "ruling", "stages-stage": ["filed", "decided", "proposed"], "title": "Standing to sue"}
    answer = enter("operator").post("/office/bills/new", {**WORDS, **changes})
    assert answer.status_code == 303
    assert "Ruling" in client.get(answer["Location"].replace("/office", "/en")).content.decode()


def test_a_mistake_is_taken_away_with_a_reason(written: Any, client: Client) -> None:
    clerk, bill, _ = written()
    assert clerk.post(f"/office/bills/{bill}", {"do": "drop", "reason": " "}).status_code == 409
    assert clerk.post(f"/office/bills/{bill}", {"do": "drop", "reason": "Typed twice."}).status_code == 303
    assert client.get(f"/en/bills/{bill}").status_code == 404
    record = AuditRecord.objects.get(action="bill-dropped")
    assert (record.reason, record.before["title"]) == ("Typed twice.", "Benches at every stop")


def test_only_clerks_and_operators_write_bills(written: Any, enter: Any) -> None:
    _, bill, given = written()
    auditor = enter("auditor")
    assert auditor.get(f"/en/office/bills/{bill}").status_code == 200
    for address in ("/office/bills/new", f"/office/bills/{bill}"):
        assert auditor.post(address, given).status_code == 403
    assert enter("moderator").post("/office/bills/new", given).status_code == 403
    assert auditor.get("/office/bills/999999").status_code == 404

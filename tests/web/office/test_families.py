"""The family desk through its page: preview, merge with a reason, take one out; nothing by those who may not."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from tests.web.test_pages import check_markup

from maninso.charter import load_preset
from maninso.petitions.audit import verify_audit
from maninso.petitions.discovery import catch_up
from maninso.petitions.lifecycle import draft_petition, pass_to_moderation, submit_petition
from maninso.petitions.models import AuditRecord, FamilyChange, FamilyMember, Petition

pytestmark = pytest.mark.django_db

WHY = "Both ask for longer hours of the library."


@pytest.fixture
def twins(opened: Callable[..., int], now: dt.datetime) -> tuple[int, int]:
    """A petition that waits for a decision, and an open one that asks for the same."""
    twin = opened(title="Close the night market in Mill Street")
    waits = draft_petition(
        charter=load_preset("university"),
        title="Close the night market in Mill Street",
        body="It is loud.",
        language="en",
        now=now,
    )
    if submit_petition(waits, now=now) == "gathering":
        pass_to_moderation(waits, now=now)
    catch_up(now=now)
    return waits, twin


def desk(petition: int) -> str:
    return f"/office/petitions/{petition}/family"


def test_candidates_are_offered_previewed_and_merged_with_a_reason(
    enter: Any, client: Any, opened: Callable[..., int], sign: Callable[..., list[str]], now: Any
) -> None:
    one = opened(title="Open the library on Sundays")
    two = opened(title="Please open the library on Sundays")
    third = opened(title="A quieter tram")
    sign(two, 3)
    catch_up(now=now)
    kim = enter("moderator", "kim")
    page = kim.get(desk(one)).content.decode()
    assert f'value="{two}"' in page
    assert f"/office/petitions/{one}/family" in kim.get(f"/office/petitions/{one}").content.decode()
    preview = kim.post(desk(one), {"do": "preview", "id": str(two), "numbers": f"#{third}, nonsense"})
    shown = preview.content.decode()
    assert (preview.status_code, shown.count(">new<"), "Merge them" in shown) == (200, 3, True)
    assert FamilyMember.objects.count() == 0
    assert kim.post(desk(one), {"do": "merge", "id": str(two), "note": WHY}).status_code == 303
    public = client.get(f"/en/petitions/{one}").content.decode()
    assert (f"/en/petitions/{two}" in public, "counts cannot be added up" in public) == (True, True)
    assert [each.action for each in AuditRecord.objects.order_by("number")][-2:] == ["family-joined"] * 2
    assert verify_audit().wrong is None
    after = kim.get(desk(one)).content.decode()
    assert (WHY in after, "kim@example.org" in after) == (True, True)
    assert kim.post(desk(one), {"do": "split", "leaving": str(two), "note": "Another library."}).status_code == 303
    assert FamilyMember.objects.count() == 0
    assert list(FamilyChange.objects.order_by("pk").values_list("joined", flat=True)) == [True, True, False, False]


def test_opposite_demands_are_warned_of(enter: Any, opened: Callable[..., int]) -> None:
    one, other = opened(title="Close the night market"), opened(title="Do not close the night market")
    page = enter("clerk").post(desk(one), {"do": "preview", "numbers": str(other)}).content.decode()
    assert "seem to ask for opposite things" in page


@pytest.mark.parametrize(
    "given",
    [
        {"do": "merge", "id": "{two}", "note": ""},
        {"do": "merge", "id": "{two}", "note": " \n"},
        {"do": "merge", "note": WHY},
        {"do": "merge", "numbers": "99999999999999999999", "note": WHY},
        {"do": "merge", "numbers": "999999", "note": WHY},
        {"do": "preview"},
        {"do": "split", "leaving": "{two}", "note": WHY},
        {"do": "split", "leaving": "x", "note": WHY},
        {"do": "split", "leaving": "9999999999999999999", "note": WHY},
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_changed(
    enter: Any, opened: Callable[..., int], given: dict[str, str]
) -> None:
    one, two = opened(), opened()
    answer = enter("moderator").post(desk(one), {key: value.format(two=two) for key, value in given.items()})
    assert (answer.status_code, "Nothing was changed" in answer.content.decode()) == (409, True)
    assert (FamilyMember.objects.count(), FamilyChange.objects.count()) == (0, 0)


def test_auditors_look_and_change_nothing(enter: Any, opened: Callable[..., int]) -> None:
    one, two = opened(), opened()
    auditor = enter("auditor")
    assert "Merge them" not in auditor.get(desk(one)).content.decode()
    assert auditor.post(desk(one), {"do": "merge", "id": str(two), "note": WHY}).status_code == 403
    assert FamilyMember.objects.count() == 0


def test_the_queue_flags_what_is_there_already(
    enter: Any, twins: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = enter("moderator")
    assert "1 like it" in kim.get("/office").content.decode()
    monkeypatch.setattr("maninso.web.office.queue.LOOKING", -1.0)  # there was no time for it
    assert "like it" not in kim.get("/office").content.decode()


def test_what_waits_joins_a_family_that_the_office_sees_alone(enter: Any, client: Any, twins: tuple[int, int]) -> None:
    waits, twin = twins
    kim = enter("moderator")
    assert f"/office/petitions/{waits}/family" in kim.get(f"/en/office/petitions/{waits}").content.decode()
    assert kim.post(desk(waits), {"do": "merge", "id": str(twin), "note": WHY}).status_code == 303
    review = kim.get(f"/en/office/petitions/{waits}").content.decode()
    assert ("In a family with:" in review, f"/en/office/petitions/{twin}" in review) == (True, True)
    for public, hidden in ((waits, twin), (twin, waits)):
        page = client.get(f"/en/petitions/{public}").content.decode()
        assert (f"/en/petitions/{hidden}" in page, "counts cannot be added up" in page) == (False, False)
    assert client.get(f"/petitions/{twin}.json").json()["data"]["attributes"]["family"] is None


@pytest.mark.parametrize("typed", [False, True])
def test_a_duplicate_is_refused_with_its_twin_and_its_page_leads_there(
    enter: Any, client: Any, twins: tuple[int, int], typed: bool
) -> None:
    waits, twin = twins
    kim, address = enter("moderator"), f"/en/office/petitions/{waits}/reject"
    assert f'id="twin-{twin}"' in kim.get(address).content.decode()
    given = (
        {"code": "duplicate", "twin": "0", "other": f"#{twin}"} if typed else {"code": "duplicate", "twin": str(twin)}
    )
    page = kim.post(address, given).content.decode()
    assert f"Another petition asks for the same: number {twin}" in page
    check_markup("decision", page, "en")
    assert FamilyMember.objects.count() == 0
    assert kim.post(address, {**given, "do": "decide"}).status_code == 303
    page = client.get(f"/en/petitions/{waits}").content.decode()
    assert "The same request is open for signatures here:" in page
    assert client.get(f"/petitions/{waits}.json").json()["data"]["attributes"]["family"]["open_twin"] == twin


@pytest.mark.parametrize("twin", [{"other": "nonsense"}, {"other": "999999"}, {"twin": "9" * 30}, {"other": "{waits}"}])
def test_a_twin_that_is_none_is_said_and_nothing_is_decided(
    enter: Any, twins: tuple[int, int], twin: dict[str, str]
) -> None:
    waits, _ = twins
    given = {"code": "duplicate", **{key: value.format(waits=waits) for key, value in twin.items()}}
    for do in ("", "decide"):
        answer = enter("moderator").post(f"/en/office/petitions/{waits}/reject", {**given, "do": do, "note": "Hm."})
        page = answer.content.decode()
        assert (answer.status_code, "no such petition on the public lists" in page, "Hm." in page) == (409, True, True)
    assert (Petition.objects.get(pk=waits).state, FamilyMember.objects.count()) == ("moderation", 0)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_is_well_made(enter: Any, opened: Callable[..., int], language: str) -> None:
    one, two = opened(), opened()
    kim = enter("moderator")
    kim.post(desk(one), {"do": "merge", "id": str(two), "note": WHY})
    check_markup("family", kim.get(f"/{language}{desk(one)}").content.decode(), language)
    preview = kim.post(f"/{language}{desk(one)}", {"do": "preview", "numbers": str(opened())})
    check_markup("family preview", preview.content.decode(), language)
    assert len(preview.content) < 60_000

"""Pages, banners and pauses, as operators write them and as everybody sees them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.petitions.models import Petition

pytestmark = pytest.mark.django_db

BANNER = {"kind": "banner", "text_ko": "내일 점검합니다.", "text_en": "Maintenance tomorrow."}


def test_a_page_is_seen_first_then_published_and_kept_in_versions(enter: Any, client: Client) -> None:
    park, address = enter("operator"), "/en/office/pages/help/en"
    given = {"title": "Help", "body": "## Ask\n\n- us\n\n<script>x</script>"}
    seen = park.post(address, {**given, "do": "preview"}).content.decode()
    assert "<h2>Ask</h2>" in seen
    assert client.get("/en/pages/help").status_code == 404
    assert park.post(address, {**given, "do": "save"}).status_code == 303
    park.post(address, {"title": "Help!", "body": "Second.", "do": "save"})
    public = client.get("/en/pages/help").content.decode()
    assert ("Help!" in public, "Version 2" in public) == (True, True)
    assert "Help!" in client.get("/en/pages").content.decode()
    assert "## Ask" in park.get(f"{address}?version=1").content.decode()
    assert 'lang="en"' in client.get("/ko/pages/help").content.decode()  # there is no Korean one
    park.post(address, {"title": "Help!", "body": "", "do": "save"})
    assert client.get("/en/pages/help").status_code == 404


@pytest.mark.parametrize(("slug", "title"), [("Help", "x"), ("help", ""), ("help", "x\0"), ("-", "x")])
def test_a_page_that_cannot_be_is_shown_again(enter: Any, slug: str, title: str) -> None:
    answer = enter("operator").post(f"/en/office/pages/{slug}/en", {"title": title, "body": "Kept.", "do": "save"})
    assert (answer.status_code, "Kept." in answer.content.decode()) == (422, True)


def test_a_banner_is_on_every_page_in_the_readers_language(enter: Any, client: Client) -> None:
    park = enter("operator")
    assert park.post("/office/notices", BANNER).status_code == 303
    for path in ("/", "/petitions", "/about", "/nowhere"):
        assert "Maintenance tomorrow." in client.get(f"/en{path}").content.decode(), path
        assert "내일 점검합니다." in client.get(f"/ko{path}").content.decode(), path
    answer = park.post("/office/notices", {**BANNER, "text_en": ""})
    assert (answer.status_code, "내일 점검합니다." in answer.content.decode()) == (422, True)
    for number in ("", "x", "999", "\0"):
        assert park.post("/office/notices", {"do": "end", "id": number}).status_code == 422


def test_b9_while_creating_is_paused_every_address_of_it_leads_home_with_the_reason(enter: Any, client: Client) -> None:
    enter("operator").post("/office/notices", {**BANNER, "kind": "creating-paused"})
    for answer in (
        client.get("/en/petitions/new"),
        client.get("/en/petitions/new/steps"),
        client.post("/en/petitions/new/steps", {"step": "eligible", "eligible": "yes"}),
        client.post("/en/petitions/new/steps", {"step": "check", "state": "x", "person": "Han"}),
    ):
        assert (answer.status_code, answer.headers["Location"]) == (303, "/en/")
    home = client.get("/en/").content.decode()
    assert "Petitions cannot be raised at the moment." in home
    assert "Maintenance tomorrow." in home
    assert Petition.objects.count() == 0


def test_a_pause_of_signing_is_said_and_ended(enter: Any, client: Client, opened: Callable[..., int]) -> None:
    number, park = opened(), enter("operator")
    park.post("/office/notices", {**BANNER, "kind": "signing-paused"})
    assert "Signing is paused." in client.get(f"/en/petitions/{number}").content.decode()
    assert park.post("/office/notices", {**BANNER, "kind": "signing-paused"}).status_code == 422
    from maninso.petitions.noticeboard import read_notices

    park.post("/office/notices", {"do": "end", "id": str(read_notices()[0].notice_id)})
    assert "Signing is paused." not in client.get(f"/en/petitions/{number}").content.decode()


@pytest.mark.parametrize("role", ["moderator", "clerk", "auditor"])
def test_the_sites_words_are_the_operators(enter: Any, role: str) -> None:
    client = enter(role)
    for path in ("/office/pages", "/office/pages/help/en", "/office/notices"):
        assert client.get(path).status_code == 403
        assert client.post(path, {**BANNER, "do": "save", "title": "x", "body": "x"}).status_code == 403


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pages_are_well_made(enter: Any, client: Client, language: str) -> None:
    park = enter("operator")
    park.post("/office/pages/help/ko", {"title": "도움말", "body": "물으세요.", "do": "save"})
    park.post("/office/notices", BANNER)
    for path in ("/office/pages", "/office/pages/help/ko", "/office/pages/new/en", "/office/notices"):
        answer = park.get(f"/{language}{path}")
        assert (answer.status_code, len(answer.content) < 60_000) == (200, True), path
        check_markup(path, answer.content.decode(), language)
    for path in ("/pages", "/pages/help"):
        check_markup(path, client.get(f"/{language}{path}").content.decode(), language)

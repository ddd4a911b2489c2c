"""Raising a petition through its pages: one thing a page, nothing stored before it is handed in, nothing lost."""

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.web.test_pages import check_markup

from maninso.petitions import moderation
from maninso.petitions.discovery import catch_up
from maninso.petitions.lifecycle import Actor, Reason, hide_petition, open_petition, pass_to_moderation
from maninso.petitions.models import Announcement, Letter, Petition, Raising

pytestmark = pytest.mark.django_db

TITLE = "Open the river path to bicycles"
BODY = "The path is wide enough.\n\n- It is safe\n- It is **short**"


class Form:
    """Somebody who fills in the form, as a browser without scripts and cookies would."""

    def __init__(self, client: Client, language: str = "en") -> None:
        self.client = client
        self.language = language
        self.page = client.get(f"/{language}/petitions/new").content.decode()
        self.status = 200

    @property
    def state(self) -> str:
        found = re.search(r'name="state" value="([^"]*)"', self.page)
        return html.unescape(found[1]) if found else ""

    @property
    def step(self) -> str:
        found = re.search(r'name="step" value="([^"]*)"', self.page)
        return found[1] if found else ""

    def send(self, **fields: str) -> "Form":
        given = {"state": self.state, "step": self.step, **fields}
        answer = self.client.post(f"/{self.language}/petitions/new/steps", given)
        self.page, self.status = answer.content.decode(), answer.status_code
        assert answer.cookies == {}
        return self

    def fill_to_check(self, **fields: str) -> "Form":
        self.send(eligible="yes").send(title=fields.get("title", TITLE))
        if self.step == "similar":
            self.send()
        self.send(body=fields.get("body", BODY))
        return self.send(name=fields.get("name", ""), address=fields.get("address", ""))

    @property
    def creators_page(self) -> str:
        found = re.search(r"/en/petitions/\d+/creator/[\w-]{24}", self.page)
        assert found is not None, self.page
        return found[0]


@pytest.fixture
def form(client: Client, db: None) -> Form:
    return Form(client)


def sponsors_link(client: Client, creators_page: str) -> str:
    client.post(creators_page, {"do": "confirm"})
    found = re.search(r"/en/petitions/\d+/support/[\w-]{16}", client.get(creators_page).content.decode())
    assert found is not None
    return found[0]


def test_b1_eligibility_comes_before_any_text(form: Form) -> None:
    assert form.step == "eligible"
    assert "<textarea" not in form.page
    assert form.send(title=TITLE, step="title", state="").step == "eligible"
    assert (form.send().status, "Choose one of the two." in form.page) == (422, True)


def test_b2_who_may_not_is_told_kindly_and_nothing_is_stored(form: Form) -> None:
    form.send(eligible="no")
    assert (form.status, form.step) == (200, "")
    assert "Nothing was stored." in form.page
    assert Petition.objects.count() == 0


def test_b3_similar_open_petitions_are_offered_with_their_counts(
    client: Client, opened: Callable[..., int], sign: Any, seal: Any, now: dt.datetime
) -> None:
    similar = opened(title="Bicycles on the river embankment")
    sign(similar, 3)
    seal(now)
    opened(title="Longer opening hours")
    catch_up(now=now)
    form = Form(client).send(eligible="yes").send(title=TITLE)
    assert form.step == "similar"
    assert "Bicycles on the river embankment" in form.page
    assert "3 signatures" in form.page
    assert "Longer opening hours" not in form.page
    assert form.send().step == "text"


def test_switching_the_language_in_the_middle_keeps_all_that_was_written(form: Form) -> None:
    form.send(eligible="yes").send(title=TITLE)
    assert form.step == "text"
    switch = '<button form="step" formaction="/ko/petitions/new/steps" name="change" value="text" lang="ko">'
    assert switch in form.page
    form.language = "ko"
    form.send(body=BODY, change="text")  # what the button sends
    assert 'lang="ko"' in form.page
    assert (form.step, BODY in html.unescape(form.page), "청원" in form.page) == ("text", True, True)
    form.language = "en"
    assert TITLE in form.send(body=BODY).send(name="Han Sol").page


def test_the_page_with_the_only_link_leads_nowhere_that_loses_it(form: Form) -> None:
    form.fill_to_check().send(person="Ada")
    assert form.creators_page in form.page
    assert "/ko/petitions/new/steps" not in re.sub(r"<link[^>]*>", "", form.page)


def test_without_anything_similar_the_step_is_left_out(form: Form) -> None:
    assert form.send(eligible="yes").send(title=TITLE).step == "text"


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("", "Write something here."),
        ("   ", "Write something here."),
        ("x" * 101, "It is 1 character too long: 101 of at most 100."),
        ("x" * 100_000, "99,900 characters too long"),
        ("A\0B", "Character 2 (U+0000)"),
        ("A\u202eB", "Character 2 (U+202E)"),
        ("A\u200bB", "Character 2 (U+200B)"),
        ("=HYPERLINK(1)", "spreadsheets take this sign for a formula"),
        ("＋1", "spreadsheets take this sign for a formula"),
    ],
)
def test_b4_b5_a_bad_title_is_shown_again_with_its_error(form: Form, title: str, words: str) -> None:
    form.send(eligible="yes").send(title=title)
    assert (form.status, form.step) == (422, "title")
    assert words in form.page
    if title.strip() and "\0" not in title:
        assert f'value="{html.escape(title.strip())}"' in form.page
    assert Petition.objects.count() == 0


def test_b4_a_bad_text_is_shown_again_with_its_error(form: Form) -> None:
    form.send(eligible="yes").send(title=TITLE).send(body="y" * 3001)
    assert (form.status, form.step) == (422, "text")
    assert "It is 1 character too long: 3,001 of at most 3,000." in form.page
    assert "y" * 3001 in form.page
    assert TITLE in form.page


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "https://example.org"},
        {"name": "www.example.org"},
        {"name": "=1+1"},
        {"name": "Ha\u200dn"},
        {"name": "Han\u202e"},
        {"name": "x" * 101},
        {"address": "nobody"},
        {"address": "a@b"},
        {"address": "a b@example.org"},
        {"address": "a@example.org\nBcc: b@example.org"},
        {"address": "x" * 300 + "@example.org"},
    ],
)
def test_b26_a_bad_name_or_address_is_refused_and_kept(form: Form, fields: dict[str, str]) -> None:
    form.send(eligible="yes").send(title=TITLE).send(body=BODY).send(**{"name": "", "address": "", **fields})
    assert (form.status, form.step) == (422, "name")
    assert 'role="alert"' in form.page


def test_b10_no_address_at_home_is_asked_for_wherever_somebody_lives(form: Form) -> None:
    form.send(eligible="yes").send(title=TITLE)
    if form.step == "similar":
        form.send()
    form.send(body=BODY)
    asked = re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', form.page)
    assert (form.step, set(asked)) == ("name", {"state", "step", "name", "address"})
    assert 'type="email"' in form.page
    assert (form.send(name="", address="").step, form.status) == ("check", 200)  # and neither has to be given


def test_b6_changing_something_at_the_end_keeps_everything(form: Form) -> None:
    form.fill_to_check(name="Han Sol", address="han@example.org")
    assert form.step == "check"
    assert "<strong>short</strong>" in form.page
    assert form.send(change="title").step == "title"
    assert f'value="{TITLE}"' in form.page
    form.send(title="Open the river path to everybody")
    assert form.step == "check"  # not all the steps between once more
    for kept in ("Open the river path to everybody", "<strong>short</strong>", "Han Sol", "han@example.org"):
        assert kept in form.page


def test_what_is_half_written_is_kept_when_another_step_is_gone_back_to(form: Form) -> None:
    form.send(eligible="yes").send(title=TITLE).send(body="Half a sen", change="title")
    assert form.step == "title"
    assert "Half a sen" in form.send(title=TITLE).page


def test_b7_what_is_handed_in_is_pending_and_in_no_list(form: Form, client: Client) -> None:
    form.fill_to_check(address="han@example.org").send(person="Han")
    assert form.status == 200
    petition = Petition.objects.get()
    assert (petition.state, petition.title, petition.language) == ("gathering", TITLE, "en")
    assert TITLE not in client.get("/petitions").content.decode()
    assert client.get("/petitions.json").json()["data"] == []
    letter = Letter.objects.get()
    assert letter.address == "han@example.org"
    assert form.creators_page in letter.body
    assert client.get(form.creators_page).status_code == 200


def test_handing_it_in_again_makes_no_second_petition(form: Form) -> None:
    form.fill_to_check()
    state = form.state
    first = form.send(person="Han").creators_page
    assert form.send(state=state, step="check", person="Han").creators_page == first
    assert Petition.objects.count() == 1


def test_b8_who_raised_three_today_sees_the_same_page_and_nothing_is_stored(client: Client) -> None:
    pages = []
    for _ in range(4):
        form = Form(client).fill_to_check().send(person="Han")
        pages.append(re.sub(r"/petitions/\d+/creator/[\w-]+", "LINK", form.page))
    assert len(set(pages)) == 1
    assert Petition.objects.count() == 3


def test_b8_a_network_that_raised_too_many_sees_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    monkeypatch.setattr("maninso.petitions.raising.creating.MOST_AN_HOUR", 1)
    pages = [Form(client).fill_to_check().send(person=f"p{n}") for n in range(2)]
    assert [page.status for page in pages] == [200, 200]
    assert all(page.creators_page for page in pages)
    assert Petition.objects.count() == 1


def test_another_sites_form_hands_nothing_in(form: Form, client: Client) -> None:
    form.fill_to_check()
    given = {"state": form.state, "step": "check", "person": "Han"}
    answer = client.post("/petitions/new/steps", given, headers={"origin": "https://elsewhere.example"})
    assert (answer.status_code, Petition.objects.count()) == (403, 0)


@pytest.mark.parametrize("state", ["", "x", "\0", "e30:1:2", "가" * 1000])
@pytest.mark.parametrize("step", ["check", "name", "nowhere", ""])
def test_a_state_that_was_not_signed_here_begins_anew(client: Client, state: str, step: str) -> None:
    answer = client.post("/en/petitions/new/steps", {"state": state, "step": step, "person": "Han"})
    assert (answer.status_code, "May you raise a petition here?" in answer.content.decode()) == (200, True)
    assert Petition.objects.count() == 0


@pytest.mark.parametrize("step", ["nowhere", "", "\0", "check/../x"])
def test_an_unknown_step_begins_anew(form: Form, step: str) -> None:
    form.send(eligible="yes").send(title=TITLE)
    assert form.send(step=step).step == "eligible"


def test_scripts_in_a_text_stay_words(form: Form) -> None:
    form.fill_to_check(body="<script>alert(1)</script> <img src=x>")
    assert form.step == "check"
    check_markup("/petitions/new/steps", form.page, "en")


def test_b11_a_wrong_sponsor_link_leads_to_the_public_gathering_page(form: Form, client: Client) -> None:
    page = form.fill_to_check().send(person="Han").creators_page
    link = sponsors_link(client, page)
    answer = client.get(link[:-1] + ("x" if link[-1] != "x" else "y"))
    public = link.partition("/support/")[0]
    assert (answer.status_code, answer.headers["Location"]) == (303, public)
    assert "<form" not in client.get(public).content.decode().partition("<main")[2]
    assert client.get(public + "/creator/" + "x" * 24).status_code == 303
    assert client.get("/petitions/999999/support/x").status_code == 404


def test_a_sponsor_supports_it_and_sees_how_many_are_missing(form: Form, client: Client) -> None:
    link = sponsors_link(client, form.fill_to_check().send(person="Han").creators_page)
    shown = client.get(link).content.decode()
    assert (TITLE in shown, "100 more are needed" in shown) == (True, True)
    assert Raising.objects.get().sponsors == 0  # opening it changes nothing
    assert "99 more are needed" in client.post(link, {"person": "Bo"}).content.decode()
    assert "You support it already" in client.post(link, {"person": "Bo"}).content.decode()
    assert Raising.objects.get().sponsors == 1


def test_b16_b17_where_a_sponsor_link_leads_once_it_was_decided(form: Form, client: Client, now: dt.datetime) -> None:
    link = sponsors_link(client, form.fill_to_check().send(person="Han").creators_page)
    number = Petition.objects.get().pk
    pass_to_moderation(number, now=now)
    assert "is being checked" in client.get(link).content.decode()
    assert client.post(link, {"person": "Bo"}).status_code == 200
    assert Raising.objects.get().sponsors == 0
    open_petition(number, now=now)
    assert client.get(link).headers["Location"] == f"/en/petitions/{number}"


def test_b17_a_hidden_petitions_sponsor_link_is_404(form: Form, client: Client, now: dt.datetime) -> None:
    link = sponsors_link(client, form.fill_to_check().send(person="Han").creators_page)
    hide_petition(Petition.objects.get().pk, reason=Reason(code="offensive"), now=now)
    assert client.get(link).status_code == 404
    assert client.post(link, {"person": "Bo"}).status_code == 404


def test_a_creator_confirms_and_withdraws_on_their_page(form: Form, client: Client) -> None:
    page = form.fill_to_check().send(person="Han").creators_page
    assert "First: keep this page" in client.get(page).content.decode()
    assert client.post(page, {"do": "confirm"}).status_code == 303
    shown = client.get(page).content.decode()
    assert "Find your first supporters" in shown
    assert 'class="qr"' in shown
    client.post(page, {"do": "withdraw"})  # without being sure
    assert Petition.objects.get().state == "gathering"
    client.post(page, {"do": "withdraw", "sure": "yes"})
    assert Petition.objects.get().state == "withdrawn"
    assert client.post(page, {"do": "withdraw", "sure": "yes"}).status_code == 303


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_on_the_way_is_well_made(client: Client, language: str) -> None:
    form = Form(client, language)
    pages = [form.page, form.send(eligible="yes").page, form.send(title=TITLE).page, form.send(body=BODY).page]
    pages += [form.send(name="", address="").page, form.send(person="Han").page]
    found = re.search(rf"/{language}/petitions/\d+/creator/[\w-]{{24}}", form.page)
    assert found is not None
    pages.append(client.get(found[0]).content.decode())
    client.post(found[0], {"do": "confirm"})
    pages.append(client.get(found[0]).content.decode())
    link = re.search(rf"/{language}/petitions/\d+/support/[\w-]{{16}}", pages[-1])
    assert link is not None
    pages += [client.get(link[0]).content.decode(), client.post(link[0], {"person": "Bo"}).content.decode()]
    for number, page in enumerate(pages):
        check_markup(f"page {number}", re.sub(r'<script type="module" src="[^"]*"></script>', "", page), language)


def test_a_creator_tells_what_is_new_and_a_mistake_keeps_it(form: Form, client: Client, now: dt.datetime) -> None:
    page = form.fill_to_check().send(person="Han").creators_page
    client.post(page, {"do": "confirm"})
    number = Petition.objects.get().pk
    assert "Tell what is new" not in client.get(page).content.decode()
    pass_to_moderation(number, now=now)
    open_petition(number, now=now)
    assert client.post(page, {"do": "news", "news": "We met **the mayor**."}).status_code == 303
    public = client.get(f"/en/petitions/{number}").content.decode()
    assert "<strong>the mayor</strong>" in public
    check_markup("petition", public, "en")
    again = client.post(page, {"do": "news", "news": "<b>Again</b>"})
    assert (again.status_code, "&lt;b&gt;Again&lt;/b&gt;" in again.content.decode()) == (422, True)
    assert "within the last seven days" in again.content.decode()
    assert "<strong>the mayor</strong>" in client.get(page).content.decode()
    news = Announcement.objects.get()
    kim = Actor(role="moderator", name="kim@example.org")
    moderation.hide_news(number, news.pk, code="personal-data", note="A name.", actor=kim, now=now)
    mine, public = client.get(page).content.decode(), client.get(f"/en/petitions/{number}").content.decode()
    for shown, told in ((mine, True), (public, False)):
        assert ("<strong>the mayor</strong>" in shown, "A name." in shown) == (told, True)
    assert "the public sees the reason alone" in mine
    check_markup("creator's page", re.sub(r'<script type="module" src="[^"]*"></script>', "", mine), "en")

"""A creator's account, made with a petition and a code, leads nowhere but to itself; and what every account offers."""

import datetime as dt
import html
import json
import os
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from tests.web.office.conftest import Enter, enter  # noqa: F401 - the office's cast, for those who are in both
from tests.web.test_pages import check_markup

from maninso.charter import read_charter
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.petitions import raising
from maninso.petitions.accounts import add_member
from maninso.petitions.holders import open_account
from maninso.petitions.models import Account, AuditRecord, KeptPetition, Message
from maninso.petitions.notices import read_message
from maninso.web.shared.letters import write_letter

pytestmark = pytest.mark.django_db

ADDRESS = "ada@example.org"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def raised(db: None, now: dt.datetime) -> Callable[..., raising.Raised]:
    def make(person: str = "Ada") -> raising.Raised:
        return raising.raise_petition(
            charter=read_charter("university"),
            draft=raising.Draft(title=f"A bench for {person}", body="At every stop.", language="en"),
            ticket=make_rehearsal_ticket("x" * 32, person=person, region="", now=0, age=40, assurance=1),
            nonce=raising.make_nonce(),
            page="{id}{token}",
            salt=os.urandom(16),
            now=now,
        )

    return make


def keeping(raised: raising.Raised) -> str:
    return f"/en/petitions/{raised.petition_id}/creator/{raised.links.creator}/account"


def challenge_in(page: bytes) -> str:
    found = re.search(r'name="challenge" value="([^"]*)"', page.decode())
    assert found is not None, page.decode()
    return html.unescape(found[1])


def last_code(now: dt.datetime) -> str:
    message = read_message(Message.objects.latest("pk").pk)
    assert message is not None
    letter = write_letter(message, now=now)
    assert "keep a petition in an account" in letter.text
    return letter.subject[:9]


def keep(client: Client, raised: raising.Raised, now: dt.datetime, *, email: str = ADDRESS) -> Any:
    page = client.post(keeping(raised), {"do": "code", "email": email})
    assert page.status_code == 200
    given = {"challenge": challenge_in(page.content), "code": last_code(now)}
    return client.post(keeping(raised), given)


def test_an_account_is_made_with_a_petition_and_a_code(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    mine = raised()
    creators_page = client.get(keeping(mine).removesuffix("/account"), headers=ENGLISH).content.decode()
    assert keeping(mine) in creators_page
    assert client.get(keeping(mine)).status_code == 200
    assert Account.objects.count() == 0
    answer = keep(client, mine, now)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/account")
    page = client.get("/en/account").content.decode()
    assert ("A bench for Ada" in page, mine.links.creator in page, ADDRESS in page) == (True, True, True)
    assert "more are needed" in page


def test_a_creators_account_has_no_way_into_the_office(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    keep(client, raised(), now)
    for path in (
        "/office",
        "/office/record",
        "/office/record.jsonl",
        "/office/members",
        "/office/second",
        "/office/pages",
    ):
        answer = client.get(path, headers=ENGLISH)
        assert (answer.status_code, "does not belong to the office" in answer.content.decode()) == (403, True), path


def test_it_is_logged_in_to_with_a_code_and_nothing_else(
    raised: Callable[..., raising.Raised], now: dt.datetime, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    keep(Client(), raised(), now)
    client = Client(headers=ENGLISH)
    assert client.get("/account").headers["Location"] == "/account/login?next=%2Faccount"
    client.post("/account/login", {"email": ADDRESS})
    code = re.search(r"^([A-Z0-9-]{6,})$", mail.outbox[-1].body, re.MULTILINE)
    assert code is not None
    answer = client.post("/account/login/code", {"code": code[1]})
    assert answer.headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert "The office needs a second factor" not in client.get("/account/factors").content.decode()


def test_the_code_alone_logs_nobody_of_the_office_in(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    """Whoever reads a moderator's mail, and has a petition of their own, must not get past the second factor."""
    add_member(email=ADDRESS, role="moderator", now=now)
    assert keep(client, raised(), now).status_code == 303
    assert KeptPetition.objects.count() == 1
    for path in ("/account", "/account/sessions", "/account/data.json", "/account/end", "/office"):
        assert "/account/login?next=" in client.get(path).headers["Location"], path


def test_nor_anybody_who_has_set_a_second_factor_up(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    from allauth.mfa.totp.internal.auth import TOTP
    from django.contrib.auth import get_user_model

    holder = open_account(email=ADDRESS, now=now)
    TOTP.activate(get_user_model().objects.get(pk=holder.account_id), "GLOEJ4VHGAHOHO6WC3UCQPVZ34DR6AQG")
    assert keep(client, raised(), now).status_code == 303
    assert "/account/login?next=" in client.get("/account").headers["Location"]


def test_a_second_petition_joins_without_a_code(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    keep(client, raised(), now)
    second = raised("Bo")
    assert "You are logged in as ada@example.org" in client.get(keeping(second)).content.decode()
    client.post(keeping(second), {})
    assert client.get("/en/account").content.decode().count("A bench for") >= 4  # titles, and the buttons' names
    client.post("/account", {"petition": str(second.petition_id)})
    assert KeptPetition.objects.count() == 1
    for odd in ("", "x", "9" * 30, "-1"):
        assert client.post("/account", {"petition": odd}).status_code == 303
    assert KeptPetition.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"do": "code", "email": "nobody"}, "An e-mail address has a name"),
        ({"do": "code", "email": ""}, "Write your e-mail address"),
        ({"do": "code", "email": "a\0b@example.org"}, "There is something in front of the @"),
        ({"code": ""}, "Type the code"),
        ({"code": "12345678"}, "This is not the code"),
    ],
)
def test_bad_input_keeps_what_was_written(
    client: Client, raised: Callable[..., raising.Raised], given: dict[str, str], said: str
) -> None:
    mine = raised()
    if "code" in given:
        page = client.post(keeping(mine), {"do": "code", "email": ADDRESS})
        given = {"challenge": challenge_in(page.content), **given}
    answer = client.post(keeping(mine), given)
    assert (answer.status_code, said in answer.content.decode(), Account.objects.count()) == (422, True, 0)
    if "code" in given:
        assert challenge_in(answer.content)


def test_a_code_is_tried_five_times_and_a_wrong_link_opens_nothing(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime
) -> None:
    mine = raised()
    page = client.post(keeping(mine), {"do": "code", "email": ADDRESS})
    challenge, code = challenge_in(page.content), last_code(now)
    for _ in range(5):
        client.post(keeping(mine), {"challenge": challenge, "code": "0000 0000"})
    answer = client.post(keeping(mine), {"challenge": challenge, "code": code})
    assert (answer.status_code, "tried too often" in answer.content.decode()) == (422, True)
    wrong = keeping(mine).replace(mine.links.creator, mine.links.sponsor)
    answer = client.post(wrong, {"do": "code", "email": ADDRESS})
    assert (answer.status_code, Account.objects.count()) in ((303, 0), (404, 0))


def test_another_sites_form_does_nothing(raised: Callable[..., raising.Raised]) -> None:
    mine = raised()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(keeping(mine), {"do": "code", "email": ADDRESS}).status_code == 403
    answer = Client().post(keeping(mine), {"do": "code", "email": ADDRESS}, headers={"origin": "https://evil.example"})
    assert (answer.status_code, Message.objects.count()) == (403, 0)


def test_one_session_is_ended_and_no_one_elses(enter: Enter) -> None:  # noqa: F811
    first, second, other = enter("clerk"), enter("clerk"), enter("auditor")
    page = second.get("/en/account/sessions").content.decode()
    numbers = re.findall(r'name="session" value="(\d+)"', page)
    assert (len(numbers), page.count("this one")) == (2, 1)
    for odd in ("x", "9" * 30, "999999"):
        assert second.post("/account/sessions", {"session": odd}).status_code == 303
    (theirs,) = re.findall(r'name="session" value="(\d+)"', other.get("/account/sessions").content.decode())
    second.post("/account/sessions", {"session": theirs})
    assert [each.get("/office/debts").status_code for each in (first, second, other)] == [200, 200, 200]
    second.post("/account/sessions", {"session": numbers[0]})
    assert [each.get("/office/debts").status_code for each in (first, second, other)] == [302, 200, 200]
    second.post("/account/sessions", {"session": numbers[1]})
    assert second.get("/office/debts").status_code == 302


def test_all_that_is_held_is_a_file(
    client: Client,
    raised: Callable[..., raising.Raised],
    now: dt.datetime,
    enter: Enter,  # noqa: F811
) -> None:
    keep(client, raised(), now)
    answer = client.get("/account/data.json")
    held = json.loads(answer.content)
    assert (answer.headers["Cache-Control"], "attachment" in answer.headers["Content-Disposition"]) == (
        "no-store",
        True,
    )
    assert (held["account"]["email"], held["second_factors"]) == (ADDRESS, [])
    assert [session["address"] for session in held["sessions"]] == ["127.0.0.1"]
    assert [each["title"] for each in held["kept_petitions"]] == ["A bench for Ada"]
    office = json.loads(enter("auditor").get("/account/data.json").content)
    assert [each["action"] for each in office["record"]] == ["member-added"]


def test_an_account_is_ended_only_on_purpose(
    client: Client,
    raised: Callable[..., raising.Raised],
    now: dt.datetime,
    enter: Enter,  # noqa: F811
) -> None:
    mine = raised()
    keep(client, mine, now)
    assert "their links stay good" in client.get("/en/account/end").content.decode()
    assert (client.post("/account/end").status_code, Account.objects.count()) == (422, 1)
    answer = client.post("/account/end", {"sure": "yes"})
    assert (answer.headers["Location"], Account.objects.count()) == ("/account/ended", 0)
    assert client.get("/account").status_code == 302
    assert client.get("/en/account/ended").status_code == 200
    assert client.get(keeping(mine).removesuffix("/account")).status_code == 200
    boss = enter("operator")
    answer = boss.post("/account/end", {"sure": "yes"}, headers=ENGLISH)
    assert (answer.status_code, "You are the last operator" in answer.content.decode()) == (409, True)
    enter("operator", "park")
    assert boss.post("/account/end", {"sure": "yes"}).status_code == 303
    assert AuditRecord.objects.latest("number").action == "account-ended"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_pages_are_well_made_and_never_cached(
    client: Client, raised: Callable[..., raising.Raised], now: dt.datetime, language: str
) -> None:
    mine = raised()
    paths = [keeping(mine).removeprefix("/en")]
    check_markup(paths[0], client.get(f"/{language}{paths[0]}").content.decode(), language)
    keep(client, mine, now)
    for path in (*paths, "/account", "/account/sessions", "/account/end"):
        answer = client.get(f"/{language}{path}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path
        check_markup(path, answer.content.decode(), language)
    answer = client.get(f"/{language}/account/ended")
    check_markup("/account/ended", answer.content.decode(), language)

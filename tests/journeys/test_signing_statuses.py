"""Every status of a signing request, as programs see it and as a browser's form does."""

import datetime as dt
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.journeys.conftest import ticket_of
from tests.live import Answer, LiveSite

from maninso.identity.confirmation import make_confirmation
from maninso.identity.mailbox import read_mailbox
from maninso.identity.nullifier import make_petition_key, seal_key
from maninso.identity.receipt import make_receipt_secret
from maninso.identity.rehearsal import make_rehearsal_ticket
from maninso.identity.ticket import Ticket, derive_key, issue_ticket
from maninso.run.settings import make_wrapping_key
from maninso.signing.gate import cancel_gate, close_gate, open_gate, pause_gate, prepare_gate

KEY = derive_key(os.environ["MANINSO_SECRET_KEY"], purpose="ticket")
DAY = dt.timedelta(days=1)


def sign(site: LiveSite, petition: int, ticket: str | None, body: bytes = b"{}", **headers: str) -> Answer:
    given = {"content_type": "application/json", **headers}
    if ticket is not None:
        given["authorization"] = f"Ticket {ticket}"
    return site.ask("POST", f"/petitions/{petition}/signatures", body, **given)


def problem(answer: Answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status
    assert answer.json()["detail"]
    return answer.status, answer.json()["type"].removeprefix("/problems/")


def make_gate(
    site: LiveSite, petition: int, *, opened_at: dt.datetime, closes_at: dt.datetime, then: str = "", **rules: object
) -> None:
    """Make a log of its own, under a number that no petition has."""
    wrapping_key = make_wrapping_key(site.home / "keys", petition)
    with psycopg.connect(site.database_url) as connection, connection.cursor() as cursor:
        prepare_gate(cursor, petition_id=petition, origin=f"test/{petition}")
        open_gate(
            cursor,
            petition_id=petition,
            opened_at=opened_at,
            closes_at=closes_at,
            wrapped_key=seal_key(wrapping_key, petition_id=petition, key=make_petition_key()),
            bucket_seconds=600,
            regions=["", "KR-11"],
            registered_on=opened_at.date(),
            thresholds=[],
            genesis=b"\x00{}",
            **{"min_assurance": 0, "min_age": 0, "region_needed": False, **rules},  # type: ignore[arg-type]
        )
        if then == "closed":
            close_gate(cursor, petition_id=petition, closed_at=min(dt.datetime.now(dt.UTC), closes_at))
        if then == "paused":
            pause_gate(cursor, petition_id=petition)


def test_signed_once_and_again(site: LiveSite, petition: int) -> None:
    first = sign(site, petition, ticket_of("a signer"))
    assert first.status == 201
    leaf_hash = first.json()["leaf_hash"]
    assert first.json() == {
        "petition": petition,
        "leaf_hash": leaf_hash,
        "receipt": f"/petitions/{petition}/receipts/{leaf_hash}",
        "secret": make_receipt_secret(
            derive_key(os.environ["MANINSO_SECRET_KEY"], purpose="withdraw"),
            petition_id=petition,
            leaf_hash=bytes.fromhex(leaf_hash),
        ),
    }
    again = sign(site, petition, ticket_of("a signer", region="KR-11"))
    assert (again.status, again.json()) == (200, first.json())
    assert sign(site, petition, ticket_of("another signer")).status == 201
    site.wait_for_count(petition, 2)
    assert site.ask("GET", first.json()["receipt"]).status == 200
    proof = site.ask("GET", first.json()["receipt"] + ".tlog-proof")
    assert (proof.status, proof.body[:22]) == (200, b"c2sp.org/tlog-proof@v1")


def test_a_browsers_form_goes_to_the_receipt(site: LiveSite, petition: int) -> None:
    for suffix in ("", "?again=1"):
        answer = site.ask(
            "POST",
            f"/en/petitions/{petition}/signatures",
            b"",
            content_type="application/x-www-form-urlencoded",
            accept="text/html",
            cookie=f"other=1; maninso_ticket={ticket_of('a reader')}",
            origin=site.url,
        )
        assert answer.status == 303
        location = answer.headers["location"]
        assert location.startswith(f"/en/petitions/{petition}/receipts/")
        assert location.endswith(suffix)
        assert site.ask("GET", location).status == 200


@pytest.mark.parametrize(("language", "words"), [("ko", "본인 확인"), ("en", "who you are")])
def test_a_browser_gets_a_page_that_says_what_to_do(
    site: LiveSite, any_petition: int, language: str, words: str
) -> None:
    answer = site.ask(
        "POST",
        f"/petitions/{any_petition}/signatures",
        b"",
        content_type="application/x-www-form-urlencoded",
        accept="text/html,application/xhtml+xml",
        accept_language=language,
    )
    assert (answer.status, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    page = answer.body.decode()
    assert words in page
    assert f"/petitions/{any_petition}" in page
    assert "'unsafe" not in answer.headers["content-security-policy"]


def test_tickets_that_do_not_do(site: LiveSite, petition: int) -> None:
    good = make_rehearsal_ticket(os.environ["MANINSO_SECRET_KEY"], person="x", region="", now=time.time())
    assert problem(sign(site, petition, None)) == (401, "ticket-missing")
    assert problem(sign(site, petition, "mt1.AAAA")) == (401, "ticket-invalid")
    assert problem(sign(site, petition, issue_ticket(b"x" * 32, good))) == (401, "ticket-invalid")

    def changed(**fields: object) -> str:
        values = {name: getattr(good, name) for name in Ticket._fields} | fields
        return issue_ticket(KEY, Ticket(**values))

    assert problem(sign(site, petition, changed(expires_at=int(time.time()) - 1))) == (401, "ticket-expired")
    assert problem(sign(site, petition, changed(petition_id=petition + 1))) == (401, "ticket-of-another-petition")
    assert sign(site, petition, changed(petition_id=petition)).status == 201


def test_made_up_people_do_not_sign_outside_rehearsals() -> None:
    from maninso.signing.app import SigningApp
    from maninso.signing.problems import Refusal, Refused

    app = SigningApp(
        gates=None,
        intake=None,
        limiter=None,
        ticket_keys=[KEY],
        withdraw_key=KEY,
        host="here",
        rehearsal=False,
        pages={},  # type: ignore[arg-type]
    )

    headers = {"authorization": f"Ticket {ticket_of('somebody')}"}
    with pytest.raises(Refused) as caught:
        app._read_ticket(headers, now=time.time())  # type: ignore[arg-type]
    assert caught.value.refusal is Refusal.TICKET_INVALID


def test_another_sites_page_cannot_sign(site: LiveSite, petition: int) -> None:
    cookie = f"maninso_ticket={ticket_of('a victim')}"
    for headers in ({"origin": "https://elsewhere.example"}, {"origin": "null"}, {"sec_fetch_site": "cross-site"}):
        assert problem(sign(site, petition, None, cookie=cookie, **headers)) == (403, "foreign-origin")
    assert sign(site, petition, None, cookie=cookie, origin=site.url).status == 201


def test_who_is_not_eligible(site: LiveSite) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    for number, rules, slug in [
        (800_001, {"min_assurance": 2}, "assurance-too-low"),
        (800_002, {"min_age": 14}, "age-not-shown"),
        (800_003, {"region_needed": True}, "region-needed"),
    ]:
        make_gate(site, number, opened_at=now - DAY, closes_at=now + DAY, **rules)  # type: ignore[arg-type]
        assert problem(sign(site, number, ticket_of("somebody", region="DE"))) == (403, slug)
    assert sign(site, 800_003, ticket_of("somebody", region="KR-11")).status == 201


def test_a_region_that_the_charter_does_not_list_is_not_in_the_log(site: LiveSite) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    make_gate(site, 800_004, opened_at=now - DAY, closes_at=now + DAY)
    regions = {}
    for region in ("KR-11", "KR-50", "DE", ""):
        leaf_hash = sign(site, 800_004, ticket_of(f"from {region}", region=region)).json()["leaf_hash"]
        with psycopg.connect(site.database_url) as connection:
            row = connection.execute(
                "SELECT entry FROM signing_leaf WHERE sha256('\\x00'::bytea || entry) = %s", [bytes.fromhex(leaf_hash)]
            ).fetchone()
        assert row is not None
        regions[region] = int.from_bytes(row[0][2:4], "big")
    assert regions == {"KR-11": 1, "KR-50": 0, "DE": 0, "": 0}


def test_petitions_that_take_no_signatures(site: LiveSite) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with psycopg.connect(site.database_url) as connection, connection.cursor() as cursor:
        for number in (800_011, 800_016):
            prepare_gate(cursor, petition_id=number, origin=f"test/{number}")
        cancel_gate(cursor, petition_id=800_016)
    make_gate(site, 800_012, opened_at=now - DAY, closes_at=now + DAY, then="paused")
    make_gate(site, 800_013, opened_at=now - DAY, closes_at=now + DAY, then="closed")
    make_gate(site, 800_014, opened_at=now - 2 * DAY, closes_at=now - DAY)
    make_gate(site, 800_015, opened_at=now + DAY, closes_at=now + 2 * DAY)
    person = ticket_of("somebody")
    assert problem(sign(site, 800_010, person)) == (404, "no-such-petition")
    assert problem(sign(site, 800_011, person)) == (409, "not-open")
    assert problem(sign(site, 800_012, person)) == (409, "paused")
    assert problem(sign(site, 800_013, person)) == (410, "closed")
    assert problem(sign(site, 800_014, person)) == (410, "closed")
    assert problem(sign(site, 800_015, person)) == (409, "not-open")
    assert problem(sign(site, 800_016, person)) == (410, "closed")


def test_b32_who_asked_for_a_link_before_the_closing_signs_in_the_grace(site: LiveSite) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    hour = dt.timedelta(hours=1)
    make_gate(site, 800_017, opened_at=now - DAY, closes_at=now - hour, grace=2 * hour)
    make_gate(site, 800_018, opened_at=now - DAY, closes_at=now - 3 * hour, grace=2 * hour)
    links = {
        number: make_confirmation(
            "a subject's secret",
            os.environ["MANINSO_SECRET_KEY"],
            mailbox=read_mailbox("lee@example.org"),
            petition_id=number,
            issuer="email",
            age=255,
            now=time.time(),
        )
        for number in (800_017, 800_018)
    }
    assert [sign(site, 800_017, links[800_017]).status for _ in range(2)] == [201, 200]
    assert problem(sign(site, 800_018, links[800_018])) == (410, "closed")
    assert problem(sign(site, 800_017, ticket_of("somebody who did not ask"))) == (410, "closed")


def test_a_gate_that_changes_is_heard_of(site: LiveSite) -> None:
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    make_gate(site, 800_021, opened_at=now - DAY, closes_at=now + DAY)
    assert sign(site, 800_021, ticket_of("before")).status == 201
    with psycopg.connect(site.database_url) as connection, connection.cursor() as cursor:
        close_gate(cursor, petition_id=800_021, closed_at=now)
    assert problem(sign(site, 800_021, ticket_of("after"))) == (410, "closed")
    with psycopg.connect(site.database_url) as connection:
        row = connection.execute("SELECT count(*) FROM signing_leaf WHERE petition_id = 800021").fetchone()
    assert row == (3,)  # the first entry, the signature, and the closing with its count


@pytest.mark.parametrize(
    ("expected", "body", "headers"),
    [
        ((413, "too-large"), b"{" + b" " * 4096 + b"}", {}),
        ((413, "too-large"), b"{}", {"content_length": "99999999999"}),
        ((415, "wrong-type"), b"{}", {"content_type": "text/plain"}),
        ((415, "wrong-type"), b"{}", {"content_type": "application/json; charset=euc-kr"}),
        ((422, "malformed"), b"{", {}),
        ((422, "malformed"), b"[]", {}),
        ((422, "malformed"), b'{"a":"\x00"}', {}),
        ((422, "malformed"), b"\xff\xfe", {}),
        ((422, "malformed"), b"a=\x00", {"content_type": "application/x-www-form-urlencoded"}),
        ((422, "malformed"), b"[" * 4000, {}),
    ],
)
def test_bad_requests(
    site: LiveSite, any_petition: int, expected: tuple[int, str], body: bytes, headers: dict[str, str]
) -> None:
    assert problem(sign(site, any_petition, ticket_of("a sloppy client"), body, **headers)) == expected


def test_only_post_signs(site: LiveSite, any_petition: int) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = site.ask(method, f"/petitions/{any_petition}/signatures")
        assert problem(answer) == (405, "method-not-allowed")
        assert answer.headers["allow"] == "POST"


def test_a_body_that_does_not_come_is_given_up(site: LiveSite, any_petition: int) -> None:
    head = (
        f"POST /petitions/{any_petition}/signatures HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        f"Authorization: Ticket {ticket_of('slow')}\r\nContent-Length: 10\r\n\r\n{{"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 422 ")


def test_a_truncated_request_stores_nothing(site: LiveSite, petition: int) -> None:
    head = (
        f"POST /petitions/{petition}/signatures HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
        f"Authorization: Ticket {ticket_of('cut off')}\r\nContent-Length: 10\r\n\r\n{{"
    )
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(head.encode())
    assert sign(site, petition, ticket_of("whole")).status == 201
    site.wait_for_count(petition, 1)


def test_thirty_people_twenty_times_at_once_are_thirty(site: LiveSite, petition: int) -> None:
    tickets = [ticket_of(f"person {number % 30}") for number in range(600)]
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(lambda ticket: sign(site, petition, ticket), tickets))
    assert sorted({answer.status for answer in answers}) == [200, 201]
    assert sum(answer.status == 201 for answer in answers) == 30
    assert len({answer.json()["leaf_hash"] for answer in answers}) == 30
    site.wait_for_count(petition, 30)


def test_a_person_and_a_network_that_send_too_much(site: LiveSite, petition: int) -> None:
    start_of_a_minute()
    answers = [sign(site, petition, ticket_of("in a hurry"), x_forwarded_for="203.0.113.5") for _ in range(6)]
    assert [answer.status for answer in answers] == [201, 200, 200, 200, 200, 429]
    assert problem(answers[5]) == (429, "too-many-by-you")
    assert 1 <= int(answers[5].headers["retry-after"]) <= 60
    answers = [sign(site, petition, ticket_of(f"neighbour {n}"), x_forwarded_for="203.0.113.5") for n in range(15)]
    assert [answer.status for answer in answers] == [201] * 14 + [429]
    assert problem(answers[14]) == (429, "too-many-from-there")
    assert sign(site, petition, ticket_of("elsewhere"), x_forwarded_for="203.0.113.6").status == 201


def start_of_a_minute() -> None:
    """Wait where a minute is about to end, so that a test's requests fall into one."""
    left = 60 - time.time() % 60
    if left < 15:
        time.sleep(left)

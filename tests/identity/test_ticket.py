"""Tickets: what was issued comes back, and nothing else is taken for a ticket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.identity.rehearsal import ISSUER, issue_rehearsal_ticket
from maninso.identity.ticket import (
    AGE_UNKNOWN,
    Ticket,
    TicketError,
    derive_key,
    digest_subject,
    issue_ticket,
    verify_ticket,
)

KEY = derive_key("a secret of the tests", purpose="ticket")
NOW = 1_700_000_000
TICKET = Ticket(
    issuer="mail", subject=b"s" * 32, assurance=2, region="KR-11", age=30, petition_id=0, expires_at=NOW + 60
)


@given(
    assurance=st.integers(0, 3),
    age=st.integers(0, 255),
    petition_id=st.integers(0, 2**63),
    region=st.sampled_from(["", "KR-11", "DE", "GB-SCT"]),
    issuer=st.from_regex(r"[a-z][a-z0-9.:/-]{0,30}", fullmatch=True),
    subject=st.binary(min_size=32, max_size=32),
)
def test_what_was_issued_comes_back(
    assurance: int, age: int, petition_id: int, region: str, issuer: str, subject: bytes
) -> None:
    ticket = Ticket(
        issuer=issuer,
        subject=subject,
        assurance=assurance,
        region=region,
        age=age,
        petition_id=petition_id,
        expires_at=NOW + 1,
    )
    assert verify_ticket(KEY, issue_ticket(KEY, ticket), now=NOW) == ticket


@given(st.data())
def test_any_changed_character_is_refused(data: st.DataObject) -> None:
    token = issue_ticket(KEY, TICKET)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("ABCDwxyz0189-_.=\0é").filter(lambda char: char != token[place]))
    with pytest.raises(TicketError):
        verify_ticket(KEY, token[:place] + other + token[place + 1 :], now=NOW)


@given(st.text(max_size=600))
def test_nonsense_is_refused(token: str) -> None:
    with pytest.raises(TicketError):
        verify_ticket(KEY, token, now=NOW)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "missing"),
        ("mt1.", "forged"),
        ("mt2." + issue_ticket(KEY, TICKET)[4:], "malformed"),
        (issue_ticket(KEY, TICKET) + "A" * 600, "malformed"),
        (issue_ticket(derive_key("another secret", purpose="ticket"), TICKET), "forged"),
        (issue_ticket(derive_key("a secret of the tests", purpose="session"), TICKET), "forged"),
        (issue_ticket(KEY, TICKET._replace(expires_at=NOW)), "expired"),
    ],
)
def test_each_refusal_has_its_reason(token: str, reason: str) -> None:
    with pytest.raises(TicketError) as caught:
        verify_ticket(KEY, token, now=NOW)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("issuer", "over"), [("mail", 0), ("mail1", 2), ("mail12", 3)])
def test_only_the_canonical_spelling_is_read(issuer: str, over: int) -> None:
    token = issue_ticket(KEY, TICKET._replace(issuer=issuer, region=""))
    assert len(token[4:]) % 4 == over
    assert verify_ticket(KEY, token, now=NOW).issuer == issuer
    for padded in (token + "=", token + "==", token + "\n", token.replace(".", ".=", 1)):
        with pytest.raises(TicketError):
            verify_ticket(KEY, padded, now=NOW)
    if not over:
        return  # every bit of the last character counts
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + last[last.index(token[-1]) ^ 1]
    with pytest.raises(TicketError) as caught:
        verify_ticket(KEY, twin, now=NOW)
    assert caught.value.reason == "malformed"


@pytest.mark.parametrize(
    "change", [{"issuer": "Mail"}, {"region": "kr"}, {"subject": b"short"}, {"assurance": 4}, {"issuer": ""}]
)
def test_what_is_no_ticket_is_not_issued(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"issuer|subject"):
        issue_ticket(KEY, TICKET._replace(**change))


def test_a_subject_depends_on_secret_issuer_and_identity() -> None:
    digests = {
        digest_subject(secret, issuer=issuer, identity=identity)
        for secret in ("one secret", "two secrets")
        for issuer in ("mail", "oidc")
        for identity in ("kim@example.org", "lee@example.org")
    }
    assert len(digests) == 8


def test_made_up_people_are_the_same_by_name() -> None:
    tickets = [
        verify_ticket(
            KEY, issue_rehearsal_ticket("a secret of the tests", person=name, region="KR-11", now=NOW), now=NOW
        )
        for name in ("Reader 1", " reader 1 ", "Reader 2")
    ]
    assert tickets[0] == tickets[1]
    assert tickets[0].subject != tickets[2].subject
    assert (tickets[0].issuer, tickets[0].age, tickets[0].region) == (ISSUER, AGE_UNKNOWN, "KR-11")

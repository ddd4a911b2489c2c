"""What links hold: a ticket for one petition and an hour, and an address that nobody reads."""

import pytest

from maninso.identity.confirmation import (
    LIFETIME,
    TokenError,
    choose_lifetime,
    make_confirmation,
    open_subscription,
    seal_subscription,
)
from maninso.identity.mailbox import DISPOSABLE, SCHEME, read_mailbox
from maninso.identity.ticket import TicketError, derive_key, verify_any_ticket, verify_ticket

NOW = 1_800_000_000
OLD, NEW, SUBJECT = "the old secret " * 3, "the new secret " * 3, "the subjects' secret " * 2


def confirm(address: str, *, secret: str = NEW, petition: int = 7, issuer: str = SCHEME) -> str:
    mailbox = read_mailbox(address)
    return make_confirmation(SUBJECT, secret, mailbox=mailbox, petition_id=petition, issuer=issuer, age=255, now=NOW)


def key(secret: str) -> bytes:
    return derive_key(secret, purpose="ticket")


def test_the_link_is_a_ticket_for_one_petition_and_an_hour() -> None:
    token = confirm("lee@example.org")
    ticket = verify_ticket(key(NEW), token, now=NOW + LIFETIME - 1)
    assert (ticket.issuer, ticket.scheme, ticket.assurance, ticket.petition_id) == ("email", "email", 0, 7)
    with pytest.raises(TicketError):
        verify_ticket(key(NEW), token, now=NOW + LIFETIME)
    assert "lee" not in token
    assert len(token) < 250


def test_spellings_are_one_subject_and_a_mark_changes_nobody() -> None:
    tickets = [
        verify_ticket(key(NEW), confirm(address, issuer=issuer), now=NOW)
        for address in ("min.ji@gmail.com", "MINJI+x@googlemail.com")
        for issuer in (SCHEME, DISPOSABLE)
    ]
    assert len({(ticket.scheme, ticket.subject) for ticket in tickets}) == 1
    assert {ticket.issuer for ticket in tickets} == {"email", "email:disposable"}


def test_a_new_secret_makes_nobody_another_person() -> None:
    old, new = confirm("lee@example.org", secret=OLD), confirm("lee@example.org", secret=NEW)
    keys = [key(NEW), key(OLD)]
    assert verify_any_ticket(keys, old, now=NOW).subject == verify_any_ticket(keys, new, now=NOW).subject
    with pytest.raises(TicketError) as caught:
        verify_any_ticket([key(NEW)], old, now=NOW)
    assert caught.value.reason == "forged"
    with pytest.raises(TicketError) as caught:
        verify_any_ticket(keys, old, now=NOW + LIFETIME)
    assert caught.value.reason == "expired"


@pytest.mark.parametrize(
    ("closes_in", "grace", "lifetime"),
    [
        (LIFETIME, 86_400, LIFETIME),
        (LIFETIME - 1, 86_400, LIFETIME - 1 + 86_400),
        (-7200, 86_400, 86_400 - 7200),  # the message waited for the mail server
        (1800, 600, LIFETIME),
        (1800, 0, LIFETIME),
    ],
)
def test_b32_a_link_of_the_last_hour_holds_until_the_grace_is_over(closes_in: int, grace: int, lifetime: int) -> None:
    assert choose_lifetime(closes_at=NOW + closes_in, grace=grace, now=NOW) == lifetime


def test_the_address_in_a_wish_is_sealed() -> None:
    token = seal_subscription(OLD, address="lee@example.org", petition_id=7, language="ko", now=NOW)
    wish = open_subscription([NEW, OLD], token, petition_id=7, now=NOW + LIFETIME - 1)
    assert (wish.address, wish.petition_id, wish.language) == ("lee@example.org", 7, "ko")
    import base64

    assert b"lee" not in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


@pytest.mark.parametrize(
    ("token", "petition", "later"),
    [("{}", 8, 0), ("{}", 7, LIFETIME), ("{}A", 7, 0), ("A{}", 7, 0), ("", 7, 0), ("x" * 2000, 7, 0), ("\u1100", 7, 0)],
)
def test_a_wish_that_is_not_granted(token: str, petition: int, later: int) -> None:
    made = seal_subscription(NEW, address="lee@example.org", petition_id=7, language="ko", now=NOW)
    with pytest.raises(TokenError):
        open_subscription([NEW], token.format(made), petition_id=petition, now=NOW + later)

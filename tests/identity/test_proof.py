"""Proofs in the middle of a form: a code for one purpose, mailbox and hour; a proof that signs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso.identity.confirmation import TokenError
from maninso.identity.proof import (
    CODE_LIFETIME,
    RAISE,
    derive_code,
    is_code,
    make_challenge,
    name_proof_cookie,
    name_support,
    open_challenge,
    read_proof,
    seal_challenge,
    seal_proof,
)
from maninso.identity.ticket import COOKIE, Ticket, TicketError, derive_key, verify_ticket

NOW = 1_800_000_000
OLD, NEW = "the old secret " * 3, "the new secret " * 3
TICKET = Ticket("email", bytes(32), 0, "", 255, 0, NOW + 60)
CHALLENGE = make_challenge(purpose=RAISE, address="ada@example.org", now=NOW)


def test_the_form_carries_what_the_code_is_for_and_nobody_reads_it() -> None:
    sealed = seal_challenge(OLD, CHALLENGE)
    assert "ada" not in sealed
    assert open_challenge([NEW, OLD], sealed, purpose=RAISE, now=NOW + CODE_LIFETIME - 1) == CHALLENGE


def test_the_code_is_typed_as_people_do_also_after_the_secret_changed() -> None:
    code = derive_code(OLD, CHALLENGE)
    assert (len(code), code.isdigit()) == (8, True)
    for typed in (code, f" {code[:4]} {code[4:]} ", f"{code[:4]}-{code[4:]}"):
        assert is_code([NEW, OLD], CHALLENGE, typed)
    assert not is_code([NEW], CHALLENGE, code)
    assert not is_code([NEW, OLD], CHALLENGE, "")
    assert not is_code([NEW, OLD], CHALLENGE, "１２３")


def test_every_code_is_anothers() -> None:
    again = make_challenge(purpose=RAISE, address="ada@example.org", now=NOW)
    assert derive_code(NEW, again) != derive_code(NEW, CHALLENGE)


@pytest.mark.parametrize(("purpose", "now"), [(name_support(7), NOW), (RAISE, NOW + CODE_LIFETIME)])
def test_another_purposes_or_an_old_challenge_is_refused(purpose: str, now: int) -> None:
    with pytest.raises(TokenError):
        open_challenge([NEW], seal_challenge(NEW, CHALLENGE), purpose=purpose, now=now)


@given(st.text(max_size=60))
def test_whatever_was_not_sealed_here_is_refused(token: str) -> None:
    with pytest.raises(TokenError):
        open_challenge([NEW], token, purpose=RAISE, now=NOW)


def test_a_proof_is_for_one_purpose_and_signs_nothing() -> None:
    proof = seal_proof(OLD, TICKET, purpose=RAISE)
    assert read_proof([NEW, OLD], proof, purpose=RAISE, now=NOW) == TICKET
    assert read_proof([NEW, OLD], proof, purpose=RAISE, now=NOW + 60) is None
    assert read_proof([NEW, OLD], proof, purpose=name_support(7), now=NOW) is None
    with pytest.raises(TicketError, match="not issued"):
        verify_ticket(derive_key(OLD, purpose="ticket"), proof, now=NOW)
    assert name_proof_cookie(RAISE) != COOKIE != name_proof_cookie(name_support(7))

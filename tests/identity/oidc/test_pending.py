"""What lies in the browser on the way to a provider and back: signed, short, and for one browser."""

import pytest

from maninso.identity.oidc import Pending, ProviderError, name_cookie, read_pending, seal_pending

OLD, NEW = "the old secret " * 3, "the new secret " * 3
PENDING = Pending(
    provider="test",
    petition_id=7,
    language="ko",
    assurance=1,
    age=255,
    state="s" * 32,
    nonce="n" * 32,
    verifier="v" * 64,
    expires_at=1_800_000_000,
)


def test_what_was_sealed_is_read_under_either_secret() -> None:
    assert read_pending([NEW], seal_pending(NEW, PENDING)) == PENDING
    assert read_pending([NEW, OLD], seal_pending(OLD, PENDING)) == PENDING
    with pytest.raises(ProviderError) as caught:
        read_pending([NEW], seal_pending(OLD, PENDING))
    assert caught.value.fault == "state"


def test_a_cookie_that_was_changed_is_nothing() -> None:
    sealed = seal_pending(NEW, PENDING)
    for wrong in ("", ".", sealed[:-1], "A" + sealed[1:], sealed + ".x", sealed.replace(".", ""), "x" * 5000, "가.나"):
        with pytest.raises(ProviderError) as caught:
            read_pending([NEW], wrong)
        assert caught.value.fault == "state"


def test_two_tabs_have_two_cookies() -> None:
    assert name_cookie("a") != name_cookie("b")
    assert len(f"{name_cookie('a')}={seal_pending(NEW, PENDING)}") < 700

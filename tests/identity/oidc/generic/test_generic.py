"""A provider that follows the standard, and every way in which its ID token may be wrong."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
from tests.identity.oidc.conftest import Configure, come_back, go, go_and_come_back
from tests.provider import CLIENT_ID, SECRET, LyingProvider

from maninso.identity.oidc import ProviderDown, ProviderError, Verified
from maninso.identity.oidc import fetch as fetching
from maninso.identity.oidc.provider import Claims
from maninso.identity.ticket import AGE_UNKNOWN


def test_an_honest_answer_is_a_person(liar: LyingProvider, configure: Configure) -> None:
    assert go_and_come_back(configure()) == Verified("person 1", 1, AGE_UNKNOWN, "")


def test_the_request_carries_state_nonce_and_a_hashed_verifier(liar: LyingProvider, configure: Configure) -> None:
    _, pending = go(configure(acr={"low": 0, "high": 2, "highest": 3}), assurance=2)
    (request,) = [given for path, given, _ in liar.asked if path == "/authorize"]
    assert request["state"] == pending.state
    assert request["nonce"] == pending.nonce
    assert (request["code_challenge_method"], request["scope"]) == ("S256", "openid")
    assert request["acr_values"] == "high highest"
    assert pending.verifier not in str(request)
    assert len({pending.state, pending.nonce, pending.verifier}) == 3


def test_the_secret_goes_by_basic_where_nothing_else_is_said(liar: LyingProvider, configure: Configure) -> None:
    import base64

    go_and_come_back(configure())
    ((_, form, authorization),) = [asked for asked in liar.asked if asked[0] == "/token"]
    assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT_ID}:{SECRET}"
    assert "client_secret" not in form


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_asymmetric_signatures(liar: LyingProvider, configure: Configure, algorithm: str) -> None:
    liar.algorithm = algorithm
    assert go_and_come_back(configure()).subject == "person 1"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "foreign"])
def test_signatures_that_prove_nothing(liar: LyingProvider, configure: Configure, algorithm: str) -> None:
    liar.algorithm = algorithm
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure())
    assert caught.value.fault == "token"


def test_an_algorithm_that_the_file_does_not_name(liar: LyingProvider, configure: Configure) -> None:
    liar.algorithm = "ES256"
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure(algorithms=("RS256",)))
    assert caught.value.fault == "token"


NOW = int(time.time())
WRONG: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "nonce": lambda claims: {**claims, "nonce": "another"},
    "no nonce": lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    "a nonce that is no text": lambda claims: {**claims, "nonce": 1},
    "expired": lambda claims: {**claims, "exp": NOW - 3600, "iat": NOW - 7200},
    "issued long ago": lambda claims: {**claims, "iat": NOW - 7200},
    "issued tomorrow": lambda claims: {**claims, "iat": NOW + 86_400, "exp": NOW + 90_000},
    "not valid yet": lambda claims: {**claims, "nbf": NOW + 86_400},
    "no expiry": lambda claims: {name: value for name, value in claims.items() if name != "exp"},
    "an expiry that is none": lambda claims: {**claims, "exp": "never"},
    "audience": lambda claims: {**claims, "aud": "somebody-else"},
    "several audiences": lambda claims: {**claims, "aud": [CLIENT_ID, "somebody-else"]},
    "made for somebody else": lambda claims: {**claims, "azp": "somebody-else"},
    "issuer": lambda claims: {**claims, "iss": "https://elsewhere.example"},
    "no subject": lambda claims: {name: value for name, value in claims.items() if name != "sub"},
}


@pytest.mark.parametrize("twist", WRONG.values(), ids=WRONG.keys())
def test_claims_that_prove_nothing(liar: LyingProvider, configure: Configure, twist: Any) -> None:
    liar.twist = twist
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure())
    assert caught.value.fault == "token"


def test_several_audiences_that_name_us(liar: LyingProvider, configure: Configure) -> None:
    liar.twist = lambda claims: {**claims, "aud": [CLIENT_ID, "somebody-else"], "azp": CLIENT_ID}
    assert go_and_come_back(configure()).subject == "person 1"


@pytest.mark.parametrize("subject", ["", "x" * 256, "a\0b"])
def test_a_subject_that_names_nobody(liar: LyingProvider, configure: Configure, subject: str) -> None:
    liar.person = subject
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure())
    assert caught.value.fault in ("token", "claims")


def test_a_header_that_must_be_understood(liar: LyingProvider, configure: Configure) -> None:
    liar.header = {"crit": ["exp"]}
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure())
    assert caught.value.fault == "token"


def test_acr_is_the_tokens_and_never_the_requests(liar: LyingProvider, configure: Configure) -> None:
    """The request asked for "high"; what counts is what the token says of it."""
    provider = configure(acr={"high": 3, "low": 0}, assurance=0)
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(provider, assurance=3)
    assert caught.value.fault == "low"
    liar.more = {"acr": "low"}
    with pytest.raises(ProviderError):
        go_and_come_back(provider, assurance=3)
    liar.more = {"acr": "high"}
    assert go_and_come_back(provider, assurance=3).assurance == 3


def test_age_and_region_are_read_by_the_mapping_and_nothing_else_is_kept(
    liar: LyingProvider, configure: Configure
) -> None:
    liar.more = {
        "birthdate": "2008-11-27",
        "address": {"region": "서울특별시"},
        "name": "Kim Min-ji",
        "email": "k@x.kr",
    }
    claims = Claims(birth_date="birthdate", region="address.region")
    provider = configure(claims=claims, regions={"서울특별시": "KR-11"})
    assert go_and_come_back(provider) == Verified("person 1", 1, 17, "KR-11")
    assert "Kim" not in repr(go_and_come_back(provider))


def test_userinfo_must_be_about_the_same_person(liar: LyingProvider, configure: Configure) -> None:
    provider = configure(userinfo=True, claims=Claims(birth_date="birthdate"))
    liar.profile = {"sub": "person 1", "birthdate": "1990"}
    assert go_and_come_back(provider).age == 35
    liar.profile = {"sub": "person 2", "birthdate": "1990"}
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(provider)
    assert caught.value.fault == "claims"


def test_userinfo_does_not_change_what_was_signed(liar: LyingProvider, configure: Configure) -> None:
    liar.profile = {"sub": "person 1", "birthdate": "1990"}
    liar.more = {"birthdate": "2020"}
    assert go_and_come_back(configure(userinfo=True, claims=Claims(birth_date="birthdate"))).age == 5


def test_a_code_that_is_replayed(liar: LyingProvider, configure: Configure) -> None:
    provider = configure()
    answer, pending = go(provider)
    come_back(provider, pending, answer)
    with pytest.raises(ProviderError) as caught:
        come_back(provider, pending, answer)
    assert caught.value.fault == "refused"


def test_a_code_of_another_browser_is_worth_nothing(liar: LyingProvider, configure: Configure) -> None:
    """Even from a provider that takes codes again and does not look at the verifier, the nonce gives it away."""
    provider = configure()
    stolen, _ = go(provider)
    _, victim = go(provider)
    for grant in liar.grants.values():
        del grant.request["code_challenge"]
    liar.takes_codes_again = True
    with pytest.raises(ProviderError) as caught:
        come_back(provider, victim, {**stolen, "state": victim.state})
    assert caught.value.fault == "token"


def test_the_verifier_is_sent(liar: LyingProvider, configure: Configure) -> None:
    provider = configure()
    stolen, _ = go(provider)
    _, victim = go(provider)
    with pytest.raises(ProviderError) as caught:
        come_back(provider, victim, {**stolen, "state": victim.state})
    assert caught.value.fault == "refused"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"state": "another"}, "state"),
        ({"state": ""}, "state"),
        ({"iss": "https://elsewhere.example"}, "state"),
        ({"error": "access_denied"}, "denied"),
        ({"error": "server_error"}, "refused"),
        ({"code": ""}, "answer"),
        ({"code": "x" * 5000}, "answer"),
    ],
)
def test_redirects_that_are_not_believed(
    liar: LyingProvider, configure: Configure, change: dict[str, str], fault: str
) -> None:
    answer, pending = go(configure())
    with pytest.raises(ProviderError) as caught:
        come_back(configure(), pending, {**answer, **change})
    assert caught.value.fault == fault
    assert [path for path, _, _ in liar.asked if path == "/token"] == []


def test_who_comes_back_too_late(liar: LyingProvider, configure: Configure) -> None:
    answer, pending = go(configure())
    with pytest.raises(ProviderError) as caught:
        come_back(configure(), pending, answer, now=time.time() + 601)
    assert caught.value.fault == "state"


def test_a_provider_that_calls_itself_by_another_name(liar: LyingProvider, configure: Configure) -> None:
    liar.issuer = "https://elsewhere.example"
    with pytest.raises(ProviderError) as caught:
        go(configure())
    assert caught.value.fault == "answer"


def test_a_key_that_is_new_is_fetched_once(liar: LyingProvider, configure: Configure) -> None:
    provider = configure()
    go_and_come_back(provider)
    go_and_come_back(provider)
    assert [path for path, _, _ in liar.asked].count("/jwks") == 1
    assert [path for path, _, _ in liar.asked].count("/.well-known/openid-configuration") == 1
    liar.kid = "k2"
    with pytest.raises(ProviderError):  # the keys were fetched a moment ago: a forged kid makes us ask nobody
        go_and_come_back(provider)
    assert [path for path, _, _ in liar.asked].count("/jwks") == 1


def test_a_provider_that_is_down_is_left_in_peace(liar: LyingProvider, configure: Configure) -> None:
    provider = configure()
    liar.down = True
    for _ in range(fetching.FAILURES):
        with pytest.raises(ProviderDown):
            go(provider)
    asked = len(liar.asked)
    with pytest.raises(ProviderDown) as caught:
        go(provider)
    assert len(liar.asked) == asked
    assert caught.value.cure


def test_a_slow_provider_keeps_few_waiting(
    liar: LyingProvider, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's clock decides: while the provider keeps silent, whoever finds no place is answered all the same."""
    monkeypatch.setattr(fetching, "TIMEOUT", 60.0)
    monkeypatch.setattr(fetching, "LONGEST", 60)
    provider, crowd = configure(), 20
    liar.free.clear()
    with ThreadPoolExecutor(crowd) as threads:
        tries = [threads.submit(go, provider) for _ in range(crowd)]
        turned_away = list(islice(as_completed(tries, timeout=60), crowd - fetching.MOST_WAITING))
        waiting = [each for each in tries if not each.done()]
        liar.free.set()
        for each in turned_away:
            with pytest.raises(ProviderDown, match="keeps too many people waiting"):
                each.result()
    assert len(waiting) == fetching.MOST_WAITING
    assert all(each.result() for each in waiting)


def test_a_provider_that_keeps_silent_is_given_up(
    liar: LyingProvider, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    liar.free.clear()
    with pytest.raises(ProviderDown, match="does not answer"):
        go(configure())
    liar.free.set()


def test_an_answer_that_drips_or_never_ends(
    liar: LyingProvider, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "LARGEST", 100)
    with pytest.raises(ProviderError) as caught:
        go(configure())
    assert caught.value.fault == "answer"

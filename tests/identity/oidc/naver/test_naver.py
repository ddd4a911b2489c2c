"""Naver's differences: no ID token, the state once more with the code, refusals with status 200, a profile."""

import pytest
from tests.identity.oidc.conftest import Configure, come_back, go, go_and_come_back
from tests.provider import LyingProvider

from maninso.identity.oidc import Provider, ProviderError, Verified
from maninso.identity.oidc.naver import KIND
from maninso.identity.oidc.provider import Claims
from maninso.identity.ticket import AGE_UNKNOWN


@pytest.fixture
def naver(liar: LyingProvider, configure: Configure) -> Provider:
    liar.profile = {"id": "Xn0-4hd", "nickname": "x", "email": "x@naver.com", "birthyear": "1999", "birthday": "11-26"}
    return configure(kind="naver", claims=Claims(birth_date="birth_date"))


def test_the_address_is_navers(configure: Configure) -> None:
    assert KIND.name_issuer(configure(kind="naver", issuer="")) == "https://nid.naver.com"


def test_a_person(liar: LyingProvider, naver: Provider) -> None:
    assert go_and_come_back(naver) == Verified("Xn0-4hd", 1, 27, "")
    (request,) = [given for path, given, _ in liar.asked if path == "/oauth2.0/authorize"]
    assert sorted(request) == ["client_id", "redirect_uri", "response_type", "state"]
    ((_, form, _),) = [asked for asked in liar.asked if asked[0] == "/oauth2.0/token"]
    assert (form["state"], form["client_secret"]) == (request["state"], "a secret of the tests")
    ((_, _, authorization),) = [asked for asked in liar.asked if asked[0] == "/v1/nid/me"]
    assert authorization == "Bearer access"


def test_a_replayed_code_is_refused_with_status_200(liar: LyingProvider, naver: Provider) -> None:
    answer, pending = go(naver)
    come_back(naver, pending, answer)
    with pytest.raises(ProviderError) as caught:
        come_back(naver, pending, answer)
    assert caught.value.fault == "refused"


def test_a_profile_without_a_number(liar: LyingProvider, naver: Provider) -> None:
    del liar.profile["id"]
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(naver)
    assert caught.value.fault == "claims"


def test_a_profile_that_naver_refuses_with_status_200(liar: LyingProvider, naver: Provider) -> None:
    liar.result_code = "024"
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(naver)
    assert caught.value.fault == "claims"


def test_who_cancels_at_naver_comes_back_with_the_state(liar: LyingProvider, naver: Provider) -> None:
    liar.denies = True
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(naver)
    assert caught.value.fault == "denied"
    assert [path for path, _, _ in liar.asked] == ["/oauth2.0/authorize"]  # nothing is asked for after that


def test_a_person_who_gives_the_year_alone_or_nothing(liar: LyingProvider, naver: Provider) -> None:
    del liar.profile["birthday"]
    assert go_and_come_back(naver).age == 26  # the younger one
    del liar.profile["birthyear"]
    assert go_and_come_back(naver).age == AGE_UNKNOWN

"""Kakao's differences: the secret in the form or none, and the birth date from the account's own interface."""

from typing import Any

import pytest
from tests.identity.oidc.conftest import Configure, go_and_come_back
from tests.provider import CLIENT_ID, SECRET, LyingProvider

from maninso.identity.oidc import ProviderError, Verified
from maninso.identity.oidc.kakao import ISSUER, KIND
from maninso.identity.oidc.provider import Claims
from maninso.identity.ticket import AGE_UNKNOWN


@pytest.fixture
def account(liar: LyingProvider) -> dict[str, Any]:
    liar.person = "4242"
    liar.more = {"nickname": "춘식이", "picture": "https://k.example/p.png", "auth_time": 1}
    liar.profile = {"id": 4242, "kakao_account": {"birthyear": "2000", "birthday": "1127", "birthday_type": "SOLAR"}}
    return liar.profile


def test_the_issuer_is_kakaos(configure: Configure) -> None:
    assert KIND.name_issuer(configure(kind="kakao", issuer="")) == ISSUER == "https://kauth.kakao.com"


def test_a_person_without_the_account(liar: LyingProvider, configure: Configure, account: Any) -> None:
    assert go_and_come_back(configure(kind="kakao")) == Verified("4242", 1, AGE_UNKNOWN, "")
    assert "/v2/user/me" not in [path for path, _, _ in liar.asked]


def test_an_app_without_a_secret(liar: LyingProvider, configure: Configure, account: Any) -> None:
    go_and_come_back(configure(kind="kakao", client_secret=""))
    ((_, form, authorization),) = [asked for asked in liar.asked if asked[0] == "/token"]
    assert ("client_secret" in form, authorization, form["client_id"]) == (False, "", "maninso-tests")


def test_the_secret_goes_into_the_form_as_kakaos_discovery_says(
    liar: LyingProvider, configure: Configure, account: Any
) -> None:
    liar.auth_methods = ("client_secret_post",)
    assert go_and_come_back(configure(kind="kakao")).subject == "4242"
    ((_, form, authorization),) = [asked for asked in liar.asked if asked[0] == "/token"]
    assert (form["client_id"], form["client_secret"], authorization) == (CLIENT_ID, SECRET, "")


def test_a_person_who_does_not_consent_to_the_birth_date(
    liar: LyingProvider, configure: Configure, account: Any
) -> None:
    liar.keeps_account = True
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure(kind="kakao", userinfo=True))
    assert caught.value.fault == "refused"


@pytest.mark.parametrize(
    ("about", "age"),
    [
        ({"birthyear": "2000", "birthday": "1126"}, 26),
        ({"birthyear": "2000", "birthday": "1127"}, 25),
        ({"birthyear": "2000", "birthday": "0101", "birthday_type": "LUNAR"}, 25),  # the year alone: the younger
        ({"birthyear": "2000"}, 25),
        ({"birthday": "1126"}, AGE_UNKNOWN),
        ({}, AGE_UNKNOWN),
    ],
)
def test_the_age_is_the_accounts(
    liar: LyingProvider, configure: Configure, account: Any, about: dict[str, str], age: int
) -> None:
    account["kakao_account"] = about
    provider = configure(kind="kakao", userinfo=True, claims=Claims(birth_date="birth_date"))
    assert go_and_come_back(provider).age == age


def test_another_account_than_the_tokens(liar: LyingProvider, configure: Configure, account: Any) -> None:
    account["id"] = 4243
    with pytest.raises(ProviderError) as caught:
        go_and_come_back(configure(kind="kakao", userinfo=True))
    assert caught.value.fault == "claims"

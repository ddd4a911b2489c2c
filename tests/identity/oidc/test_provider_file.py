"""The file of providers: a mistake is named with its place, and no secret is shown."""

from pathlib import Path

import pytest

from maninso import UsageError
from maninso.identity.oidc import read_providers

GOOD = """
[eid]
name = { ko = "전자 신분증", en = "National e-ID" }
issuer = "https://id.example.go.kr"
client_id = "petitions"
client_secret = "geheim"
acr = { "urn:loa:high" = 3 }
claims = { birth_date = "birthdate", region = "address.region" }
regions = { "서울특별시" = "KR-11" }

[kakao]
kind = "kakao"
name = { ko = "카카오", en = "Kakao" }
client_id = "key"
client_secret_file = "kakao.secret"
scheme = "social"
"""


def read(folder: Path, text: str) -> object:
    (folder / "kakao.secret").write_text("verborgen\n")
    file = folder / "providers.toml"
    file.write_text(text, "utf-8")
    return read_providers(file)


def test_no_file_is_no_provider() -> None:
    assert read_providers(None) == {}


def test_providers_in_their_order(tmp_path: Path) -> None:
    read(tmp_path, GOOD)
    providers = read_providers(tmp_path / "providers.toml")
    assert list(providers) == ["eid", "kakao"]
    eid, kakao = providers.values()
    assert (eid.scheme, eid.assurance, dict(eid.acr), eid.claims.subject) == ("eid", 1, {"urn:loa:high": 3}, "sub")
    assert (kakao.scheme, kakao.client_secret, kakao.name.in_language("ko")) == ("social", "verborgen", "카카오")
    assert "geheim" not in repr(providers)
    assert "verborgen" not in repr(providers)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("[eid]", "[Eid]", "[Eid]"),
        ("[eid]", "[email]", "[email]"),
        ("[eid]", "eid = 1\n[eie]", "[eid]"),
        ('issuer = "https://id.example.go.kr"', "", "eid"),
        ("https://id.example.go.kr", "http://id.example.go.kr", "eid"),
        ("https://id.example.go.kr", "https://id.example.go.kr?x=1", "eid"),
        ('client_id = "petitions"', "", "eid.client_id"),
        ('client_id = "petitions"', 'client_id = ""', "eid.client_id"),
        ('client_secret = "geheim"', 'client_secret = "geheim"\nclient_secret_file = "x"', "eid"),
        ("= 3", "= 4", "eid.acr.urn:loa:high"),
        ("= 3", '= "3"', "eid.acr.urn:loa:high"),
        ("KR-11", "Seoul", "eid.regions.서울특별시"),
        ('kind = "kakao"', 'kind = "cacao"', "kakao.kind"),
        ('kind = "kakao"', 'kind = "naver"\nacr = { x = 1 }', "kakao"),
        ('kind = "kakao"', 'kind = "kakao"\nalgorithms = ["HS256"]', "kakao.algorithms.0"),
        ('kind = "kakao"', 'kind = "kakao"\nalgorithms = ["none"]', "kakao.algorithms.0"),
        ('kind = "kakao"', 'kind = "kakao"\nsceme = "x"', "kakao.sceme"),
        ("kakao.secret", "missing.secret", "kakao.client_secret_file"),
        ('scheme = "social"', 'scheme = "social:x"', "kakao.scheme"),
        ("[kakao]", "[kakao", "providers.toml"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, place: str) -> None:
    assert old in GOOD
    with pytest.raises(UsageError) as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert place in str(caught.value)
    assert caught.value.cure
    assert "geheim" not in str(caught.value)

"""Addresses: which are none, which are one mailbox (B23, B25), and which are thrown away."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maninso import UsageError
from maninso.identity.mailbox import LONGEST, AddressError, Mailbox, read_disposable_domains, read_mailbox


@pytest.mark.parametrize(
    ("spellings", "person"),
    [
        (["min.ji@gmail.com", "MinJi@GMAIL.com", "m.i.n.j.i+petition@googlemail.com", "minji@GoogleMail.com."], None),
        (["a-b.c_d@proton.me", "abcd+x@pm.me", "ABCD@protonmail.com"], "abcd@proton.me"),
        (["hong@me.com", "hong+1@mac.com", "Hong@icloud.com"], "hong@icloud.com"),
        (["kim@hanmail.net", "kim@daum.net"], "kim@daum.net"),
        (["ivan-p@ya.ru", "ivan.p@yandex.com", "Ivan.P+z@yandex.kz"], "ivan.p@yandex.ru"),
        (["lee@example.org", "LEE+news@Example.ORG", " lee@example.org ", "mailto:lee@example.org"], None),
        (["lee@한국.kr", "lee@xn--3e0b707e.kr", "LEE@한국.KR", "lee＠한국。kr"], "lee@xn--3e0b707e.kr"),
        (["lee@münchen.de", "lee@MÜNCHEN.de"], "lee@xn--mnchen-3ya.de"),
        (["lee@ｅｘａｍｐｌｅ.org"], "lee@example.org"),
    ],
)
def test_spellings_of_one_mailbox(spellings: list[str], person: str | None) -> None:
    people = {read_mailbox(spelling).person for spelling in spellings}
    assert len(people) == 1
    assert person in (None, *people)


def test_what_other_providers_tell_apart_stays_apart() -> None:
    different = ["min.ji@naver.com", "minji@naver.com", "min-ji@naver.com", "minji@outlook.com", "minji@hotmail.com"]
    assert len({read_mailbox(address).person for address in different}) == len(different)


def test_the_message_goes_to_what_was_written() -> None:
    assert read_mailbox("Min.Ji+x@GoogleMail.com") == Mailbox(
        "Min.Ji+x@googlemail.com", "minji@gmail.com", "googlemail.com"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("nobody", "form"),
        ("@example.org", "form"),
        ("nobody@", "form"),
        ("a@b@example.org", "local"),
        ("a..b@example.org", "local"),
        (".a@example.org", "local"),
        ("a b@example.org", "local"),
        ("홍길동@example.org", "local"),
        ('"a"@example.org', "local"),
        ("a\0@example.org", "local"),
        ("a@example.org\nBcc: b@example.org", "local"),
        ("a\r\nBcc: b@example.org", "local"),
        ("+tag@example.org", "local"),
        ("...@gmail.com", "local"),
        ("a@localhost", "domain"),
        ("a@127.0.0.1", "domain"),
        ("a@[127.0.0.1]", "domain"),
        ("a@-x.org", "domain"),
        ("a@x_y.org", "domain"),
        ("a@exa mple.org", "domain"),
        ("a@example..org", "domain"),
        ("a@example.org/", "domain"),
        (f"{'x' * 65}@example.org", "long"),
        (f"a@{'x' * 60}.{'y' * 60}.{'z' * 60}.{'w' * 60}.{'v' * 20}.org", "domain"),
        (f"{'x' * 60}@{'x' * 60}.{'y' * 60}.{'z' * 60}.org", "fine"),
    ],
)
def test_what_is_no_address(text: str, fault: str) -> None:
    if fault == "fine":
        assert len(read_mailbox(text).address) <= LONGEST
        return
    with pytest.raises(AddressError) as caught:
        read_mailbox(text)
    assert caught.value.fault == fault
    assert caught.value.cure


@given(st.text(max_size=80))
def test_whatever_is_written_is_an_address_or_none(text: str) -> None:
    try:
        mailbox = read_mailbox(text)
    except AddressError:
        return
    assert mailbox.address.isascii()
    assert read_mailbox(mailbox.address) == mailbox
    assert read_mailbox(mailbox.person).person == mailbox.person
    assert not set(mailbox.address) & set(" \r\n\0<>,;:")


def test_throw_away_domains() -> None:
    domains = read_disposable_domains()
    assert domains.covers("mailinator.com")
    assert domains.covers("any.mailinator.com")
    assert not domains.covers("notmailinator.com")
    assert not domains.covers("com")
    assert not domains.covers("gmail.com")


def test_a_sites_own_list(tmp_path: Path) -> None:
    """B69: comments, blanks and a star are read; what is no domain is refused with its line."""
    file = tmp_path / "domains.txt"
    file.write_text("# ours\n\n*.throwaway.example  # all of them\nBÜRO.example\n", "utf-8")
    domains = read_disposable_domains(file)
    assert domains.covers("x.throwaway.example")
    assert domains.covers("xn--bro-hoa.example")
    assert domains.covers("yopmail.com")
    bad = tmp_path / "bad.txt"
    bad.write_text("fine.example\nnot a domain\n")
    with pytest.raises(UsageError) as caught:
        read_disposable_domains(bad)
    assert "line 2" in str(caught.value)
    with pytest.raises(UsageError):
        read_disposable_domains(tmp_path / "missing.txt")

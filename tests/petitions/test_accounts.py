"""Who is in the office: added, changed and removed, each on the record."""

import datetime as dt

import pytest

from maninso.petitions.accounts import (
    AccountError,
    LastOperatorError,
    add_member,
    find_member,
    find_member_by_address,
    list_members,
    remove_member,
)
from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import AuditRecord

pytestmark = pytest.mark.django_db


def test_a_member_is_added_changed_and_removed_on_the_record(now: dt.datetime) -> None:
    member, is_new = add_member(email=" Kim@Example.org ", role="moderator", now=now)
    assert (member.email, member.role, is_new) == ("kim@example.org", "moderator", True)
    boss = Actor(role="operator", name="park@example.org")
    member, is_new = add_member(email="KIM@example.org", role="clerk", institution="town", now=now, actor=boss)
    assert (member.role, member.institution, is_new) == ("clerk", "town", False)
    assert find_member(member.account_id) == member == find_member_by_address("kim@EXAMPLE.org")
    remove_member(email="kim@example.org", now=now, actor=boss)
    assert (find_member(member.account_id), list_members()) == (None, ())
    records = AuditRecord.objects.order_by("number").values_list("action", "actor", "before", "after")
    assert list(records) == [
        ("member-added", "", {}, {"role": "moderator", "institution": ""}),
        (
            "member-changed",
            "park@example.org",
            {"role": "moderator", "institution": ""},
            {"role": "clerk", "institution": "town"},
        ),
        ("member-removed", "park@example.org", {"role": "clerk", "institution": "town"}, {"role": ""}),
    ]


@pytest.mark.parametrize(
    ("email", "role", "institution"),
    [
        ("", "clerk", ""),
        ("kim", "clerk", ""),
        ("kim@", "clerk", ""),
        ("k im@example.org", "clerk", ""),
        ("kim\0@example.org", "clerk", ""),
        ("k" * 300 + "@example.org", "clerk", ""),
        ("kim@example.org", "king", ""),
        ("kim@example.org", "", ""),
        ("kim@example.org", "moderator", "town"),
    ],
)
def test_what_is_no_member_is_refused(email: str, role: str, institution: str, now: dt.datetime) -> None:
    with pytest.raises(AccountError):
        add_member(email=email, role=role, institution=institution, now=now)
    assert (list_members(), AuditRecord.objects.count()) == ((), 0)


def test_the_last_operator_stays(now: dt.datetime) -> None:
    add_member(email="park@example.org", role="operator", now=now)
    with pytest.raises(LastOperatorError):
        remove_member(email="park@example.org", now=now)
    with pytest.raises(LastOperatorError):
        add_member(email="park@example.org", role="clerk", now=now)
    add_member(email="choi@example.org", role="operator", now=now)
    remove_member(email="park@example.org", now=now)
    with pytest.raises(AccountError):
        remove_member(email="park@example.org", now=now)

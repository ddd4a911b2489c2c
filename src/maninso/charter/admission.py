"""Who and what the charter lets in: signers and creators, texts, and petitions that ask for the same again.

What is known of a person may come from a national e-ID or only from their own declaration; a fact that is not known
(None) is taken from the declaration, a fact that is known is held against the rule.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from maninso.charter.base import Text
from maninso.charter.clock import add_length, end_of_day, legal_day
from maninso.charter.model import Charter, Eligibility, TextUnit

RefusalCode = Literal[
    "assurance-too-low",
    "mail-domain",
    "another-scheme",
    "disposable-mail",
    "too-young",
    "not-citizen-or-resident",
    "not-declared",
]
FaultCode = Literal["empty", "too-long", "link"]

_LINK = re.compile(r"https?://|\bwww\.[^\s.]", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """What is known of a person: assurance 0 to 3, age in years, ISO 3166 codes; None is not known.

    `declared_eligible`: they have declared that they meet what the charter asks.
    """

    assurance: int
    age: int | None = None
    citizenship: frozenset[str] | None = None
    residence: str | None = None
    mail_domain: str | None = None
    mail_disposable: bool = False
    scheme: str | None = None
    declared_eligible: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not act in a role: a stable code, and a text for them."""

    code: RefusalCode
    text: Text


@dataclass(frozen=True)
class TextFault:
    """What is wrong with a petition's text; `used` and `limit` count in the charter's unit."""

    field: Literal["title", "body", "additional"]
    code: FaultCode
    used: int
    limit: int
    unit: TextUnit


def refuse_signer(charter: Charter, person: Person) -> Refusal | None:
    """Returns why this person may not sign under the charter, or None when they may."""
    return _refuse(charter.signer, person)


def refuse_creator(charter: Charter, person: Person) -> Refusal | None:
    """Returns why this person may not create a petition under the charter, or None when they may."""
    return _refuse(charter.creator, person)


def _refuse(rule: Eligibility, person: Person) -> Refusal | None:
    if person.assurance < rule.minimum_assurance:
        return Refusal(
            "assurance-too-low",
            Text(ko="더 강한 본인 확인이 필요합니다.", en="A stronger proof of who you are is needed."),
        )
    if rule.scheme and person.scheme is not None and person.scheme != rule.scheme:
        return Refusal(
            "another-scheme",
            Text(
                ko="이 청원은 한 가지 본인 확인 방식만 받습니다.",
                en="This petition accepts one way to prove who you are, and not this one.",
            ),
        )
    domain = (person.mail_domain or "").casefold()
    if rule.mail_domains and domain not in rule.mail_domains:
        domains = ", ".join(rule.mail_domains)
        return Refusal(
            "mail-domain",
            Text(ko=f"다음 도메인의 전자우편 주소가 필요합니다: {domains}", en=f"An address at {domains} is needed."),
        )
    if person.mail_disposable and rule.disposable_mail == "refused":
        return Refusal(
            "disposable-mail",
            Text(
                ko="일회용 전자우편 주소는 받지 않습니다. 평소에 쓰는 주소를 적어 주세요.",
                en="Throw-away addresses are not accepted. Use an address of your own.",
            ),
        )
    if rule.minimum_age and person.age is not None and person.age < rule.minimum_age:
        age = rule.minimum_age
        return Refusal("too-young", Text(ko=f"{age}세 이상이어야 합니다.", en=f"You must be {age} or over."))
    belongs = _belongs(rule, person)
    if belongs is False:
        return Refusal(
            "not-citizen-or-resident",
            Text(
                ko=f"참여할 수 있는 사람: {rule.who.ko}",
                en=f"This is open to: {rule.who.en}",
            ),
        )
    if not person.declared_eligible and (belongs is None or (rule.minimum_age and person.age is None)):
        return Refusal(
            "not-declared",
            Text(ko="자격이 있음을 먼저 밝혀 주세요.", en="Please declare first that you are eligible."),
        )
    return None


def _belongs(rule: Eligibility, person: Person) -> bool | None:
    """Whether the person is a citizen or resident as asked; None when what is known does not decide it."""
    if not rule.citizenship and not rule.residence:
        return True
    known: list[bool | None] = []
    if rule.citizenship:
        known.append(None if person.citizenship is None else not person.citizenship.isdisjoint(rule.citizenship))
    if rule.residence:
        known.append(None if person.residence is None else _lies_in(person.residence, rule.residence))
    if True in known:
        return True
    return None if None in known else False


def _lies_in(region: str, allowed: tuple[str, ...]) -> bool | None:
    # GB-WLS lies in GB; whether GB, the country alone, lies in GB-WLS is not known.
    if region in allowed or region.split("-")[0] in allowed:
        return True
    return None if any(code.startswith(f"{region}-") for code in allowed) else False


def find_text_faults(charter: Charter, *, title: str, body: str, additional: str = "") -> tuple[TextFault, ...]:
    """Returns what the charter forbids in a petition's text, in the order title, body, additional.

    Characters are Unicode code points after trimming; words are what white space separates.
    """
    limits = charter.text
    faults: list[TextFault] = []
    fields: tuple[tuple[Literal["title", "body", "additional"], str, int, TextUnit], ...] = (
        ("title", title, limits.title_max, limits.title_unit),
        ("body", body, limits.body_max, limits.body_unit),
        ("additional", additional, limits.additional_max or 0, limits.body_unit),
    )
    for field, text, limit, unit in fields:
        used = len(text.split()) if unit == "words" else len(text.strip())
        if not used and field != "additional":
            faults.append(TextFault(field, "empty", used, limit, unit))
        if used > limit:
            faults.append(TextFault(field, "too-long", used, limit, unit))
        if not limits.links_allowed and _LINK.search(text):
            faults.append(TextFault(field, "link", used, limit, unit))
    return tuple(faults)


def forbids_duplicate(charter: Charter, *, other_closed_at: datetime | None, now: datetime) -> bool:
    """Returns whether a petition for the same thing stands in the way: open (None), or closed at that instant."""
    rule = charter.duplicates
    if rule is None:
        return False
    if other_closed_at is None or now < other_closed_at:
        return rule.while_open
    if rule.after_closing is None:
        return False
    # `other_closed_at` is an exclusive instant: the last day of collecting ended there.
    return now < end_of_day(charter, add_length(legal_day(charter, other_closed_at), rule.after_closing))

"""Handing a petition in: once, however often the form is sent, and by somebody whom the charter lets create one."""

import datetime as dt
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from maninso import ManinsoError
from maninso.charter import Charter, Text, add_length, end_of_day, legal_day, refuse_creator
from maninso.charter import Person as CharterPerson
from maninso.identity.nullifier import derive_nullifier, make_petition_key, seal_key
from maninso.identity.ticket import AGE_UNKNOWN, Ticket, derive_key
from maninso.ledger.evidence import SALT_LENGTH
from maninso.petitions import notices
from maninso.petitions.letters import store_letter
from maninso.petitions.lifecycle import Actor, draft_petition, submit_petition
from maninso.petitions.models import RECEIVED, BlockedCreator, Petition, Raising, Sponsor
from maninso.petitions.raising.links import Links, digest_token, make_links
from maninso.petitions.raising.words import write_received
from maninso.signing.app import render_record

MOST_A_DAY = 3  # petitions of one creator
MOST_AN_HOUR = 20  # petitions from one network: many people may share one, and a program sends more
CREATOR = Actor(role="creator")


class NotEligibleError(ManinsoError):
    """The charter does not let this person do that; `text` says why, in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a creator hands in."""

    title: str
    body: str
    language: str
    creator_name: str = ""
    address: str = ""  # where letters go; "": they are read on the creator's page
    length: str = ""


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A petition that was handed in. `stored` is False where it was set aside: the creator is not told."""

    petition_id: int
    links: Links
    stored: bool


def raise_petition(
    *,
    charter: Charter,
    draft: Draft,
    ticket: Ticket,
    nonce: bytes,
    page: str,
    salt: bytes,
    now: dt.datetime,
    network: str = "",
) -> Raised:
    """Store a petition and hand it in, in one transaction; the same `nonce` again gives the same petition.

    `page` is the address of the creator's page with {id} and {token} in it, for the letter that brings it; `salt` has
    16 random bytes. Raises TextError, CharterError, NotEligibleError. Who is blocked, or raised three within a day, is
    answered alike and nothing is stored; nor is what comes from a `network` ("": not counted) that has sent too much.
    """
    require_creator(charter, ticket)
    key = derive_key(settings.MANINSO.secret_key, purpose="creator link")
    links, submission = make_links(key, nonce), hashlib.sha256(nonce).digest()
    creator_key = name_creator(ticket)
    found = Raising.objects.filter(submission=submission).values_list("petition_id", flat=True).first()
    if found is not None:
        return Raised(petition_id=found, links=links, stored=True)
    if is_held_off(creator_key, now=now) or not _admit(network, now=now):
        return Raised(petition_id=_next_number(), links=links, stored=False)
    try:
        with transaction.atomic():
            petition_id = _store(charter, draft, ticket, links, submission, creator_key, salt=salt, now=now)
            text = write_received(draft.language, page=page.format(id=petition_id, token=links.creator))
            store_letter(
                petition_id=petition_id,
                once=RECEIVED,
                address=draft.address,
                language=draft.language,
                subject=text.subject,
                body=text.body if draft.address else text.subject,  # without an address nobody is to read the link
                now=now,
            )
    except IntegrityError as error:
        diagnostic = getattr(error.__cause__, "diag", None)
        if diagnostic is None or diagnostic.constraint_name != "raising_submission_once":
            raise
        # The same form, sent twice at once: the other one won.
        petition_id = Raising.objects.values_list("petition_id", flat=True).get(submission=submission)
    return Raised(petition_id=petition_id, links=links, stored=True)


def require_creator(charter: Charter, ticket: Ticket) -> None:
    """Raise NotEligibleError unless the charter lets this person create a petition."""
    refusal = refuse_creator(charter, describe_person(ticket, charter.creator.mail_domains))
    if refusal is not None:
        raise NotEligibleError(refusal.text)


def describe_person(ticket: Ticket, mail_domains: Sequence[str]) -> CharterPerson:
    """Return what a ticket says of a person, who has declared to be eligible.

    A ticket says nothing of an address: where a charter wants certain domains, whoever makes proofs sees to it
    (web/pages/proving.py), and a ticket that signs is no proof.
    """
    return CharterPerson(
        mail_domain=mail_domains[0] if mail_domains else None,
        assurance=ticket.assurance,
        age=None if ticket.age == AGE_UNKNOWN else ticket.age,
        residence=ticket.region or None,
        declared_eligible=True,
    )


def name_creator(ticket: Ticket) -> bytes:
    """Return the keyed digest by which a creator is known again: for limits and blocks, and nothing else."""
    key = derive_key(settings.MANINSO.secret_key, purpose="creator")
    return hmac.digest(key, ticket.scheme.encode() + b"\0" + ticket.subject, "sha256")


def is_held_off(creator_key: bytes, *, now: dt.datetime) -> bool:
    """Whether a creator is blocked, or has raised as many petitions within a day as one person may."""
    if BlockedCreator.objects.filter(creator_key=creator_key, until__gt=now).exists():
        return True
    lately = Petition.objects.filter(created_at__gt=now - dt.timedelta(days=1))
    return lately.filter(raising__creator_key=creator_key).count() >= MOST_A_DAY


def _admit(network: str, *, now: dt.datetime) -> bool:
    """Count one more petition from a network, by a keyed digest that goes with the hour; whether it is one too many."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    what = f"raise {network} {hour.isoformat()}"
    return not network or notices.take_allowance(what, most=MOST_AN_HOUR, until=hour + dt.timedelta(hours=1))


def _store(
    charter: Charter,
    draft: Draft,
    ticket: Ticket,
    links: Links,
    submission: bytes,
    creator_key: bytes,
    *,
    salt: bytes,
    now: dt.datetime,
) -> int:
    petition_id = draft_petition(
        charter=charter,
        title=draft.title,
        body=draft.body,
        language=draft.language,
        creator_name=draft.creator_name,
        length=draft.length,
        now=now,
    )
    submit_petition(petition_id, now=now, actor=CREATOR)
    key = make_petition_key()
    wrapping_key = settings.MANINSO_WRAPPING_KEY(petition_id)
    window = charter.sponsors.window if charter.sponsors else None
    Raising.objects.create(
        petition_id=petition_id,
        submission=submission,
        creator_digest=digest_token(links.creator),
        sponsor_digest=digest_token(links.sponsor),
        creator_key=creator_key,
        address=draft.address,
        sealed_key=seal_key(wrapping_key, petition_id=petition_id, key=key),
        closes_at=end_of_day(charter, add_length(legal_day(charter, now), window)) if window else None,
    )
    keep_sponsor(petition_id, key=key, ticket=ticket, salt=salt, is_creator=True, now=now)
    return petition_id


def keep_sponsor(
    petition_id: int, *, key: bytes, ticket: Ticket, salt: bytes, is_creator: bool, now: dt.datetime
) -> bool:
    """Keep one person's support until the petition opens; False where this person's is kept already."""
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"the salt has {SALT_LENGTH} bytes, not {len(salt)}")
    sponsor = Sponsor(
        petition_id=petition_id,
        nullifier=derive_nullifier(key, issuer=ticket.scheme, subject=ticket.subject),
        assurance=ticket.assurance,
        region=ticket.region,
        evidence=salt + render_record(ticket, now=now.timestamp()),
        is_creator=is_creator,
    )
    try:
        with transaction.atomic():
            sponsor.save(force_insert=True)
    except IntegrityError as error:
        diagnostic = getattr(error.__cause__, "diag", None)
        if diagnostic is None or diagnostic.constraint_name != "sponsor_once":
            raise
        return False
    return True


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('petitions_petition', 'id'))")
        return int(cursor.fetchone()[0])

"""Was it an answer? Whoever signed a petition may say so, once, and may change their mind. Only sums are shown."""

from django.conf import settings
from django.db import connection, transaction

from maninso import ManinsoError, UsageError
from maninso.identity.nullifier import derive_nullifier, open_sealed_key
from maninso.identity.ticket import Ticket
from maninso.petitions.models import VERDICTS, Obligation, Verdict
from maninso.petitions.obligations.settling import ObligationError
from maninso.signing.queries import QUERIES

ISSUER = "verdict"


class NotSignerError(ManinsoError):
    """This person's signature is not among those that count."""


class KeyGoneError(ManinsoError):
    """The petition's key is destroyed, so nobody can show any more that they signed."""


def judge_answer(obligation_id: int, *, ticket: Ticket, verdict: str) -> bool:
    """Store what a signer says of the answer that keeps a debt; return whether it is their first verdict on it.

    Raises NotSignerError, KeyGoneError, ObligationError where no answer stands, UsageError for an unknown verdict.
    """
    if verdict not in VERDICTS:
        raise UsageError(f"verdict: {verdict!r}", cure=f"give one of: {', '.join(VERDICTS)}")
    with transaction.atomic():
        # Shared with others who judge; an answer is neither corrected nor taken back meanwhile.
        obligation = Obligation.objects.select_for_update(no_key=True).filter(pk=obligation_id).first()
        if obligation is None or obligation.state != "kept" or obligation.response_id is None:
            raise ObligationError(f"no answer stands for obligation {obligation_id}", cure="look at the petition again")
        person = _find_person(obligation.petition_id, ticket)
        _, is_new = Verdict.objects.update_or_create(
            obligation_id=obligation_id,
            person=person,
            defaults={"response_id": obligation.response_id, "verdict": verdict},
        )
    return is_new


def _find_person(petition_id: int, ticket: Ticket) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["read_sealed_key"], {"petition_id": petition_id})
        row = cursor.fetchone()
        if row is None or row[0] is None:
            raise KeyGoneError(
                f"the key of petition {petition_id} is destroyed", cure="verdicts are given while it is kept"
            )
        wrapping_key = settings.MANINSO_KEPT_WRAPPING_KEY(petition_id)
        key = open_sealed_key(wrapping_key, petition_id=petition_id, sealed=bytes(row[0]))
        nullifier = derive_nullifier(key, issuer=ticket.scheme, subject=ticket.subject)
        cursor.execute(QUERIES["find_signer"], {"petition_id": petition_id, "nullifier": nullifier})
        if cursor.fetchone()[0] is None:
            raise NotSignerError(
                f"petition {petition_id} has no signature of this person that counts",
                cure="prove who you are in the way in which you signed",
            )
    return derive_nullifier(key, issuer=ISSUER, subject=nullifier)

"""The office's cast by name, what it decides, and what to look at afterwards; for the tests of moderation."""

from maninso.petitions.lifecycle import Actor
from maninso.petitions.models import AuditRecord, Letter, Petition
from maninso.petitions.moderation import Decision

KIM = Actor(role="moderator", name="kim@example.org")
LEE = Actor(role="moderator", name="lee@example.org")
PARK = Actor(role="operator", name="park@example.org")
CHOI = Actor(role="auditor", name="choi@example.org")
CAST = (KIM, LEE, PARK, CHOI)
REJECT = Decision(kind="reject", code="duplicate", note="See petition 1.")
APPROVE = Decision(kind="approve")


def state_of(petition_id: int) -> str:
    return Petition.objects.get(pk=petition_id).state


def letters_about(petition_id: int) -> list[Letter]:
    return list(Letter.objects.filter(petition_id=petition_id, once__startswith="decision/").order_by("pk"))


def actions() -> list[str]:
    rows = AuditRecord.objects.filter(subject__startswith="petition/").order_by("number")
    return list(rows.values_list("action", flat=True))

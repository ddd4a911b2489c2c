"""Bills, rulings and refusals: what came of petitions beyond an answer, kept as their registers have them.

A record replaces what was kept under the same register and number, as a whole; the office's record says when.
"""

import datetime as dt
import hashlib
from typing import Annotated, Any, Literal, Self

from django.db import transaction
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from maninso import UsageError
from maninso.ledger.canonical import render_json
from maninso.petitions.audit import record_action
from maninso.petitions.lifecycle import Actor, RoleError, clean_text
from maninso.petitions.models import Bill, BillPetition, Petition, Provision, Stage

Kind = Literal["bill", "ruling", "refusal"]
Meets = Literal["whole", "part", "not"]
StageName = Literal[
    "proposed",
    "committee",
    "reported",
    "plenary",
    "passed",
    "promulgated",
    "in-force",
    "rejected",
    "withdrawn",
    "expired",
    "filed",
    "decided",
    "refused",
]
MOST_PARTS = 500  # stages, provisions and petitions of one bill


WRITERS = ("system", "clerk", "operator")
LONGEST_REASON = 2_000  # characters


class BillError(UsageError):
    """A record that cannot be kept as it is; `field` is what is wrong with it, `row` (from 1) where in its parts."""

    def __init__(self, message: str, *, cure: str, field: str = "", row: int = 0) -> None:
        super().__init__(message, cure=cure)
        self.field = field
        self.row = row


class StaleBillError(BillError):
    """Somebody changed the bill meanwhile."""


def _clean(text: str) -> str:
    try:
        return clean_text("text", text, lines=True, most=20_000)
    except UsageError as error:
        raise ValueError(str(error).removeprefix("text: ")) from error


Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(_clean)]
Passage = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(_clean)]
Named = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_clean)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, str_strip_whitespace=True)


class StageRecord(_Model):
    """One stage and its day."""

    stage: StageName
    on: dt.date
    note: Line = ""


class ProvisionRecord(_Model):
    """One provision before and after."""

    place: Named
    before: Passage = ""
    after: Passage = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.before == self.after:
            raise ValueError("before and after are the same")
        return self


class PetitionLink(_Model):
    """The petition that it is about: our number ("12"), or another site's ("blue-house:269110")."""

    petition: Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,17}|[a-z][a-z0-9-]*:[^\s:]{1,100})\z")]
    demand: Line = ""
    meets: Meets = "whole"


class BillRecord(_Model):
    """One bill, ruling or refusal with all its parts, as files say it (docs/reference/bills.md)."""

    register_id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,59}\z")] = Field(alias="register")
    number: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_clean)]
    kind: Kind = "bill"
    title: Named
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\z")] = "ko"
    body: Line = ""
    proposer: Line = ""
    summary: Passage = ""
    address: Annotated[str, StringConstraints(max_length=1000, pattern=r"^(https?://[^\s<>\"]+)?\z")] = ""
    act_title: Line = ""
    act_number: Line = ""
    enacted_on: dt.date | None = None
    in_force_on: dt.date | None = None
    stages: Annotated[tuple[StageRecord, ...], Field(max_length=MOST_PARTS)] = ()
    provisions: Annotated[tuple[ProvisionRecord, ...], Field(max_length=MOST_PARTS)] = ()
    petitions: Annotated[tuple[PetitionLink, ...], Field(max_length=MOST_PARTS)] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        enacted = bool(self.act_title or self.act_number or self.enacted_on or self.in_force_on)
        if enacted and (self.kind != "bill" or not self.act_title or self.enacted_on is None):
            raise ValueError("act_title: an enacted bill has it and 'enacted_on', and nothing else is enacted")
        if self.in_force_on and self.enacted_on and self.in_force_on < self.enacted_on:
            raise ValueError("in_force_on: it is before enacted_on")
        days = [each.on for each in self.stages]
        if days != sorted(days):
            raise ValueError("stages: their days do not follow each other")
        return self

    @property
    def digest(self) -> bytes:
        """SHA-256 of the record as canonical JSON."""
        return hashlib.sha256(render_json(self.model_dump(mode="json", by_alias=True))).digest()


def read_record(given: object) -> BillRecord:
    """Return a record of what a file holds. Raises BillError, which names the first field that is wrong."""
    try:
        return BillRecord.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        said, loc = first["msg"].removeprefix("Value error, "), first["loc"]
        field = str(loc[0]) if loc else said.partition(":")[0]
        row = loc[1] + 1 if len(loc) > 1 and isinstance(loc[1], int) else 0
        place = ".".join(str(part) for part in loc) or "record"
        cure = "correct it in the file, and import it again"
        raise BillError(f"{place}: {said}", cure=cure, field=field, row=row) from error


def keep_bill(record: BillRecord, *, actor: Actor, now: dt.datetime) -> str:
    """Keep a record in place of an earlier one of that number; return "added", "changed" or "unchanged".

    Raises BillError where it names a petition that this site does not have, RoleError.
    """
    return _keep(record, seen=None, actor=actor, now=now)[1]


def write_bill(record: BillRecord, *, seen: str, actor: Actor, now: dt.datetime) -> int:
    """Keep a record in place of the one whose digest (hex) was `seen`, "" for a new one; return the bill's number.

    Raises StaleBillError where it has changed, or is known already, BillError, RoleError.
    """
    return _keep(record, seen=seen, actor=actor, now=now)[0]


def drop_bill(bill_id: int, *, reason: str, actor: Actor, now: dt.datetime) -> None:
    """Take away a bill that was a mistake, for a reason that the office's record keeps.

    Raises BillError where there is none or without a reason, RoleError.
    """
    _require_writer(actor)
    reason = clean_text("reason", reason, lines=True, most=LONGEST_REASON)
    if not reason:
        raise BillError("reason: it is empty", cure="say why it goes")
    with transaction.atomic():
        bill = Bill.objects.select_for_update().filter(pk=bill_id).first()
        if bill is None:
            raise BillError(f"there is no bill {bill_id}", cure="look at the list again")
        before: dict[str, Any] = {"sha256": bytes(bill.digest).hex(), "register": bill.register, "number": bill.number}
        petitions = sorted(bill.links.values_list("petition", flat=True))
        bill.delete()
        before |= {"title": bill.title, "petitions": petitions}
        record_action(actor, "bill-dropped", f"bill/{bill_id}", before, {}, now=now, reason=reason)


def _keep(record: BillRecord, *, seen: str | None, actor: Actor, now: dt.datetime) -> tuple[int, str]:
    _require_writer(actor)
    with transaction.atomic():
        petitions = [_find_petition(link.petition) for link in record.petitions]
        old = Bill.objects.select_for_update().filter(register=record.register_id, number=record.number).first()
        if seen is not None and seen != (bytes(old.digest).hex() if old else ""):
            raise StaleBillError(
                f"{record.register_id} {record.number} was changed meanwhile, or is known already",
                cure="look at it again",
                field="number",
            )
        if old is not None and bytes(old.digest) == record.digest:
            return old.pk, "unchanged"
        words = record.model_dump(exclude={"register_id", "number", "stages", "provisions", "petitions"})
        bill, is_new = Bill.objects.update_or_create(
            register=record.register_id,
            number=record.number,
            defaults={**words, "digest": record.digest, "changed_at": now},
            create_defaults={**words, "digest": record.digest, "changed_at": now, "created_at": now},
        )
        _replace_parts(bill, record, petitions)
        record_action(
            actor,
            "bill-added" if is_new else "bill-changed",
            f"bill/{bill.pk}",
            {"sha256": bytes(old.digest).hex()} if old else {},
            {"sha256": record.digest.hex(), "register": record.register_id, "number": record.number},
            now=now,
        )
    return bill.pk, "added" if is_new else "changed"


def _replace_parts(bill: Bill, record: BillRecord, petitions: list[int]) -> None:
    for part in (bill.stages, bill.provisions, bill.links):
        part.all().delete()
    Stage.objects.bulk_create(
        Stage(bill=bill, position=number, **each.model_dump()) for number, each in enumerate(record.stages)
    )
    Provision.objects.bulk_create(
        Provision(bill=bill, position=number, **each.model_dump()) for number, each in enumerate(record.provisions)
    )
    BillPetition.objects.bulk_create(
        BillPetition(bill=bill, position=number, petition_id=petition, demand=each.demand, meets=each.meets)
        for number, (each, petition) in enumerate(zip(record.petitions, petitions, strict=True))
    )


def _require_writer(actor: Actor) -> None:
    if actor.role not in WRITERS:
        raise RoleError(f"a {actor.role} may not say what came of petitions", cure="ask a clerk")


def _find_petition(name: str) -> int:
    source, colon, number = name.rpartition(":")
    rows = Petition.objects.exclude(state="draft")
    found = rows.filter(source=source, source_id=number) if colon else rows.filter(pk=int(name))
    petition = found.values_list("pk", flat=True).first()
    if petition is None:
        raise BillError(
            f"petitions: there is no petition {name}",
            cure="give a number of this site, or import it first",
            field="petitions",
        )
    return petition

"""Operations about the site as a whole: what is owed, by which rules, how it was moderated, and its ledger."""

from typing import Annotated, Literal

from django.utils import timezone
from pydantic import Field

from maninso import charter as rules
from maninso.petitions import access, discovery, moderation
from maninso.petitions.access import site
from maninso.petitions.opendata.answered import page_answers
from maninso.petitions.opendata.bill_lists import page_bills
from maninso.petitions.opendata.debts import JudgedObligation, page_obligations
from maninso.web.api.attributes import describe_obligation
from maninso.web.api.moderation import describe_statistics
from maninso.web.api.outcomes import describe_answered, describe_whole_bill
from maninso.web.api.v1 import answers, basics, came
from maninso.web.api.v1.operations import Query
from maninso.web.api.v1.petitions import USUAL_PER_PAGE, Limit, link_pages
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.charters import find_charter, site_charter
from maninso.web.shared.formats import format_utc
from maninso.web.shared.problems import BAD_PARAMETER, NO_BILL, NO_CHARTER, Refused
from maninso.web.shared.requests import LARGEST_NUMBER

BEGINS = "Where the page begins: take `links.next`"
Number = Annotated[int, Field(ge=1, le=LARGEST_NUMBER)]


class ObligationsQuery(Query):
    """What the list of obligations may be asked."""

    status: Literal["all", "overdue", "owed", "kept", "declined", "lapsed"] = "all"
    petition: Number | None = Field(None, description="A petition's number")
    institution: str = Field("", max_length=200, description="A charter's id")
    limit: Limit = USUAL_PER_PAGE
    after: Number | None = Field(None, description=BEGINS)


class AnswersQuery(Query):
    """What the list of answers may be asked."""

    petition: Number | None = Field(None, description="A petition's number")
    limit: Limit = USUAL_PER_PAGE
    after: Number | None = Field(None, description=BEGINS)


class BillsQuery(Query):
    """What the list of bills may be asked."""

    kind: Literal["all", "bill", "law", "ruling", "refusal"] = "all"
    petition: Number | None = Field(None, description="A petition's number")
    limit: Limit = USUAL_PER_PAGE
    after: Number | None = Field(None, description=BEGINS)


class CharterQuery(Query):
    """Which version of a charter is meant."""

    version: str = Field("", pattern="^([0-9a-f]{8,64})?$", description="The beginning of its SHA-256; else the newest")


def list_obligations(query: ObligationsQuery) -> basics.Page[answers.PetitionsObligation]:
    """Return a page of what is owed and what came, the newest debt first."""
    if query.institution and query.institution not in discovery.list_choices().institutions:
        raise Refused(BAD_PARAMETER, errors=[("institution", "no petition here has it")])
    found = page_obligations(
        status=query.status,
        petition_id=query.petition,
        institution=query.institution,
        before=query.after,
        limit=query.limit + 1,
        now=timezone.now(),
    )
    shown = found[: query.limit]
    after = str(shown[-1].debt.obligation_id) if len(found) > query.limit else ""
    return basics.Page[answers.PetitionsObligation](
        links=link_pages("api_obligations", query, after), data=[_obligation(each) for each in shown]
    )


def _obligation(each: JudgedObligation) -> answers.PetitionsObligation:
    view = each.debt
    return answers.PetitionsObligation.model_validate(
        describe_obligation(view, each.verdicts)
        | {
            "petition": view.petition_id,
            "petition_title": view.petition_title or None,
            "petition_url": f"{site_origin()}/petitions/{view.petition_id}",
        }
    )


def list_answers(query: AnswersQuery) -> basics.Page[came.AnswerVersion]:
    """Return a page of what institutions answered, each version to each debt, the newest first."""
    found = page_answers(petition_id=query.petition, before=query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    after = str(shown[-1].number) if len(found) > query.limit else ""
    return basics.Page[came.AnswerVersion](
        links=link_pages("api_answers", query, after),
        data=[came.AnswerVersion.model_validate(describe_answered(each)) for each in shown],
    )


def list_bills(query: BillsQuery) -> basics.Page[came.Bill]:
    """Return a page of bills, laws, rulings and refusals, the newest number first."""
    found = page_bills(kind=query.kind, petition_id=query.petition, before=query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    after = str(shown[-1].bill.bill_id) if len(found) > query.limit else ""
    return basics.Page[came.Bill](
        links=link_pages("api_bills", query, after),
        data=[came.Bill.model_validate(describe_whole_bill(each)) for each in shown],
    )


def show_bill(query: Query, bill_id: int) -> came.Bill:
    """Return one bill with its provisions and the petitions behind it."""
    whole = access.find_bill(bill_id)
    if whole is None:
        raise Refused(NO_BILL)
    return came.Bill.model_validate(describe_whole_bill(whole))


def list_charters(query: Query) -> answers.Charters:
    """Return the site's own charter, and every other that a petition here follows."""
    own = site_charter()
    others = [find_charter(each) for each in discovery.list_choices().institutions if each != own.id]
    return answers.Charters(data=[_summarise(each) for each in (own, *others) if each is not None])


def show_charter(query: CharterQuery, charter_id: str) -> answers.Charter:
    """Return a charter's rules, and the exact file."""
    charter = find_charter(charter_id, version=query.version)
    if charter is None:
        raise Refused(NO_CHARTER)
    return answers.Charter(
        **_summarise(charter).model_dump(),
        time_zone=charter.time_zone,
        rules=charter.model_dump(mode="json", exclude_none=True),
        source=charter.source.decode(),
    )


def _summarise(charter: rules.Charter) -> answers.CharterSummary:
    return answers.CharterSummary(
        id=charter.id,
        title={"ko": charter.title.ko, "en": charter.title.en},
        institution={"ko": charter.institution.ko, "en": charter.institution.en},
        sha256=charter.digest.hex(),
        is_site_s_own=charter.digest == site_charter().digest,
        url=f"{site_origin()}/charter/{charter.id}?version={charter.digest.hex()[:16]}",
        self=f"{data_address('api_charter', charter.id)}?version={charter.digest.hex()[:16]}",
    )


def show_moderation(query: Query) -> answers.Moderation:
    """Return how the office decided."""
    now = timezone.now()
    return answers.Moderation.model_validate(describe_statistics(moderation.read_statistics(now=now), now=now))


def show_ledger(query: Query) -> answers.SiteLedger:
    """Return the site's own log and who has cosigned it."""
    view = site.show_site_log()
    return answers.SiteLedger(
        origin=view.origin or None,
        size=view.size,
        key=view.key or None,
        checkpoint=data_address("site_log_file", "checkpoint"),
        cosignatures=[
            answers.Cosignature(witness=each.witness, size=each.size, cosigned_at=format_utc(each.cosigned_at))
            for each in view.cosignatures
        ],
    )

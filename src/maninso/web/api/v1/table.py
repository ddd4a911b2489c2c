"""Every operation of the API. The address table and the OpenAPI document are made of this."""

from pydantic import Field

from maninso.petitions.discovery import LONGEST_TEXT, LONGEST_TITLE
from maninso.web.api import similar
from maninso.web.api.v1 import answers, basics, came, petitions, site
from maninso.web.api.v1.operations import Operation, Query
from maninso.web.shared.problems import (
    BAD_NUMBER,
    BAD_PARAMETER,
    NO_BILL,
    NO_CHARTER,
    NO_PETITION,
    REMOVED,
    SEARCH_TOO_SLOW,
)


class SimilarQuery(Query):
    """What petitions are to be like; what cannot be used counts as not given."""

    title: str = Field("", max_length=LONGEST_TITLE)
    text: str = Field("", max_length=LONGEST_TEXT)
    limit: int = Field(similar.USUAL, ge=1, le=similar.MOST)
    exclude: str = Field("", max_length=1000, description="Numbers of petitions, parted by commas")


NUMBERED = (BAD_NUMBER, NO_PETITION, REMOVED)

OPERATIONS = (
    Operation(
        name="api_petitions",
        path="petitions",
        summary="Petitions by filter, and search",
        answers=basics.Page[answers.PetitionSummary],
        query=petitions.ListQuery,
        refusals=(BAD_PARAMETER, SEARCH_TOO_SLOW),
        make=petitions.list_petitions,
    ),
    Operation(
        name="api_petition",
        path="petitions/{id}",
        summary="One petition",
        answers=answers.Petition,
        refusals=NUMBERED,
        make=petitions.show_petition,
    ),
    Operation(
        name="api_series",
        path="petitions/{id}/series",
        summary="A petition's count over time",
        answers=answers.Series,
        query=petitions.SeriesQuery,
        refusals=(BAD_PARAMETER, *NUMBERED),
        make=petitions.show_series,
    ),
    Operation(
        name="api_breakdowns",
        path="petitions/{id}/breakdowns",
        summary="A petition's count by region, assurance and day",
        answers=answers.Breakdowns,
        refusals=NUMBERED,
        make=petitions.show_breakdowns,
    ),
    Operation(
        name="api_updates",
        path="petitions/{id}/updates",
        summary="A petition's news by its creator",
        answers=answers.Updates,
        refusals=NUMBERED,
        make=petitions.list_updates,
    ),
    Operation(
        name="api_petition_answers",
        path="petitions/{id}/answers",
        summary="What was answered to a petition, in all versions",
        answers=came.PetitionsAnswers,
        refusals=NUMBERED,
        make=petitions.list_answers,
    ),
    Operation(
        name="api_obligations",
        path="obligations",
        summary="What is owed, and what came",
        answers=basics.Page[answers.PetitionsObligation],
        query=site.ObligationsQuery,
        refusals=(BAD_PARAMETER,),
        make=site.list_obligations,
    ),
    Operation(
        name="api_answers",
        path="answers",
        summary="What institutions answered, in all versions",
        answers=basics.Page[came.AnswerVersion],
        query=site.AnswersQuery,
        refusals=(BAD_PARAMETER,),
        make=site.list_answers,
    ),
    Operation(
        name="api_bills",
        path="bills",
        summary="Bills, laws, rulings and refusals that petitions led to",
        answers=basics.Page[came.Bill],
        query=site.BillsQuery,
        refusals=(BAD_PARAMETER,),
        make=site.list_bills,
    ),
    Operation(
        name="api_bill",
        path="bills/{id}",
        summary="One bill, with its provisions before and after",
        answers=came.Bill,
        refusals=(BAD_NUMBER, NO_BILL),
        missing=NO_BILL,
        make=site.show_bill,
    ),
    Operation(
        name="api_charters",
        path="charters",
        summary="The charters that petitions here follow",
        answers=answers.Charters,
        make=site.list_charters,
    ),
    Operation(
        name="api_charter",
        path="charters/{charter}",
        summary="One charter, as data and as its exact file",
        answers=answers.Charter,
        query=site.CharterQuery,
        refusals=(BAD_PARAMETER, NO_CHARTER),
        make=site.show_charter,
    ),
    Operation(
        name="api_moderation",
        path="moderation",
        summary="How the office decided in the last year",
        answers=answers.Moderation,
        make=site.show_moderation,
    ),
    Operation(
        name="api_ledger",
        path="ledger",
        summary="The site's own log",
        answers=answers.SiteLedger,
        make=site.show_ledger,
    ),
    Operation(
        name="similar_json",
        path="similar",
        summary="Petitions that are like a text",
        answers=answers.SimilarPetitions,
        query=SimilarQuery,
        refusals=(SEARCH_TOO_SLOW,),
        view=similar.list_similar,
        caching=similar.CACHING,
    ),
)

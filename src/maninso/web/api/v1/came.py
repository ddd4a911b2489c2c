"""What came of petitions, as types of the API: answers, what signers say of them, bills, other sites' records."""

from typing import Annotated, Literal

from pydantic import Field

from maninso.web.api.v1.basics import Answer, Day, Hex, Moment


class Document(Answer):
    """A document of an answer."""

    title: str
    type: str = Field(description="Media type")
    size: int = Field(description="Bytes")
    sha256: Hex
    url: str


class Response(Answer):
    """What the institution answered, in its newest version."""

    responded_on: Day
    summary: str
    details: str
    created_at: Moment
    updated_at: Moment
    author: str
    language: str
    version: int
    digest: Hex | None = Field(description="SHA-256 of it, as the petition's ledger has it")
    documents: list[Document]


class Verdicts(Answer):
    """What signers say of an answer: was it one? Each signer says it once."""

    yes: int
    partly: int
    no: int
    earlier: int = Field(description="How many of these were given to an earlier version of the answer")


class PetitionsAnswer(Answer):
    """One answer to a petition in all its versions, the newest first; one that was taken back answers nothing."""

    id: int | None
    obligations: list[int] = Field(description="What it answers of this petition's")
    versions: list[Response]
    retracted_at: Moment | None
    retraction: str | None = Field(description="Why it was taken back")
    also_answers: list[int] = Field(description="Other petitions that it answers")


class PetitionsAnswers(Answer):
    """The answers to a petition, the first one first. What signers say of them is with the obligations."""

    petition: int
    data: list[PetitionsAnswer]


class AnswerVersion(Response):
    """One version of an answer to one debt, or to a petition to which nothing is owed.

    Versions of the same answer have the same `answer`.
    """

    id: int
    answer: int | None
    obligation: int | None = Field(description="null where nothing is owed")
    petition: int
    petition_title: str | None = Field(description="null while the petition's text is not public")
    petition_url: str
    is_standing: bool = Field(description="Whether it keeps the debt, or is the answer where nothing is owed")
    retracted_at: Moment | None
    retraction: str | None = Field(description="Why it was taken back")


class Stage(Answer):
    """One stage of a bill's way."""

    stage: str = Field(description="As docs/reference/bills.md lists them")
    on: Day
    note: str | None


class BillSummary(Answer):
    """A bill, a ruling or a refusal, and its way, the first stage first."""

    id: int
    url: str = Field(description="Its page")
    self: str = Field(description="Its own answer of this API")
    kind: Literal["bill", "ruling", "refusal"]
    register_id: str = Field(description="Whose number `number` is")
    number: str
    title: str
    language: str
    body: str | None = Field(description="The parliament, court or institution")
    proposer: str | None
    summary: str | None
    address: str | None = Field(description="Where it stands in its register")
    is_law: bool = Field(description="Whether it was enacted")
    act_title: str | None
    act_number: str | None
    enacted_on: Day | None
    in_force_on: Day | None
    stages: list[Stage]


Meets = Annotated[Literal["whole", "part", "not"], Field(description="How far it meets the demand")]


class PetitionsBill(BillSummary):
    """A bill as the petition has it that it is about."""

    demand: str | None
    meets: Meets


class Provision(Answer):
    """One provision as it read and as it reads; null where it is new or struck out."""

    place: str
    before: str | None
    after: str | None


class BillsPetition(Answer):
    """A petition that a bill is about, and the demand."""

    petition: int
    title: str | None = Field(description="null while the petition's text is not public")
    url: str
    demand: str | None
    meets: Meets


class Bill(BillSummary):
    """A bill with its provisions and the petitions behind it."""

    changed_at: Moment = Field(description="When it was taken over from its register last")
    petitions: list[BillsPetition]
    provisions: list[Provision]


class ReportedResponse(Answer):
    """The response, as the source had it."""

    responded_on: Day | None
    summary: str
    details: str


class ReportedDebate(Answer):
    """The debate, as the source had it."""

    debated_on: Day | None
    transcript_url: str | None
    video_url: str | None
    debate_pack_url: str | None
    public_engagement_url: str | None
    debate_summary_url: str | None
    overview: str | None


class ReportedPart(Answer):
    """A part of the count, as the source had it."""

    name: str
    code: str = Field(description="The source's own")
    signature_count: int


class Reported(Answer):
    """What another site reported of a petition that was imported from it. No ledger here is behind any of it."""

    response: ReportedResponse | None
    debate: ReportedDebate | None
    by_region: list[ReportedPart]
    by_constituency: list[ReportedPart]
    by_country: list[ReportedPart]

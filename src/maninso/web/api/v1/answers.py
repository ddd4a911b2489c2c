"""What the API answers, as types: they make the answers, and the OpenAPI document's schemas."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from maninso.web.api.v1.basics import Answer, Day, Debt, Hex, Moment, State, Words
from maninso.web.api.v1.came import PetitionsBill, Reported, Response, Verdicts


class PetitionSummary(Answer):
    """A petition in a list."""

    id: int
    url: str = Field(description="Its page")
    self: str = Field(description="Its own answer of this API")
    title: str
    summary: str = Field(description="The beginning of its text, at most 160 characters")
    state: State
    language: str
    topic: str | None
    opened_at: Moment | None
    closes_at: Moment | None = Field(description="The end of its last day, exclusive")
    closed_at: Moment | None
    signature_count: int
    count_is_reported: bool = Field(description="Whether another site reported the count, so that no ledger is behind")
    source: str | None
    source_id: str | None
    signatures_needed: int | None
    obligation_state: Literal["owed", "overdue", "kept"] | None
    obligation_due_on: Day | None


class Reason(Answer):
    """Why a petition was rejected, hidden, withdrawn or removed."""

    code: str
    words: Words
    note: str | None


class Threshold(Answer):
    """How many signatures the charter asks for, and whether they are there."""

    id: str
    label: Words
    needed: int
    met: bool
    met_at: Moment | None
    met_leaf: int | None = Field(description="The entry of the ledger that met it")
    regions_met: int | None
    regions_needed: int | None


class DueChange(Answer):
    """One time that the day changed because of a calendar, a certification or a submission."""

    old_due_on: Day | None
    new_due_on: Day | None
    cause: str
    at: Moment


class Obligation(Answer):
    """What the institution owes, by when, and what came."""

    id: int
    threshold: str
    state: Debt
    overdue: bool
    days_late: int
    what: Words
    who: Words
    basis: Words
    needed: int
    met_at: Moment
    met_leaf: int
    met_count: int
    undone_leaf: int | None
    undone_count: int | None
    due_on: Day | None
    binding: bool
    extended: int
    settled_at: Moment | None
    decline_reason: str | None
    lapse_reason: str | None
    waits_for: str | None = Field(description="What the day depends on: calendar, certification or submission")
    due_changes: list[DueChange]
    response: Response | None
    verdicts: Verdicts | None = Field(description="null where no answer stands")


class PetitionsObligation(Obligation):
    """An obligation in a list, with its petition."""

    petition: int
    petition_title: str | None = Field(description="null while the petition's text is not public")
    petition_url: str


class WouldOwe(Answer):
    """What the charter would have owed for a count that another site reported."""

    what: Words
    who: Words
    needed: int
    due_on: Day | None


class Masked(Answer):
    """A passage that was taken out before the petition opened."""

    code: str
    reason: Words
    commitment: Hex


class Ledger(Answer):
    """The petition's log at its last checkpoint."""

    origin: str
    size: int = Field(description="Entries")
    signatures: int
    voids: int
    reinstated: int
    root: Hex
    published_at: Moment
    checkpoint: str
    key: str = Field(description="Where the key is that verifies the checkpoint")


class Family(Answer):
    """Other petitions that ask for the same. Their counts are of different people within a petition only."""

    petitions: list[int]
    open_twin: int | None


class Petition(Answer):
    """Everything public about a petition."""

    id: int
    url: str
    title: str | None = Field(description="null while its text is not public")
    body: str | None
    language: str
    topic: str | None
    creator_name: str | None
    state: State
    reason: Reason | None
    charter: str
    charter_sha256: Hex
    institution: Words
    time_zone: str
    created_at: Moment
    updated_at: Moment
    opened_at: Moment | None
    closes_at: Moment | None
    closed_at: Moment | None
    signature_count: int
    count_is_reported: bool
    source: str | None
    source_id: str | None
    source_status: str | None
    masked: list[Masked]
    thresholds: list[Threshold]
    obligations: list[Obligation]
    bills: list[PetitionsBill]
    would_owe: list[WouldOwe]
    reported: Reported | None
    family: Family | None
    ledger: Ledger | None


class SeriesStep(Answer):
    """What was signed in an hour or day. `count` is the count at its end, by what is void now."""

    at: str = Field(description="The hour's beginning (UTC), or the day in the petition's time zone")
    signatures: int
    voids: int = Field(description="How many of these signatures are void by now")
    count: int


class Series(Answer):
    """A petition's count over time; hours and days in which nobody signed are left out."""

    petition: int
    step: Literal["hour", "day"]
    time_zone: str
    data: list[SeriesStep]


class ByRegion(Answer):
    """A region's part of the count."""

    region: str = Field(description="ISO 3166")
    signature_count: int


class ByAssurance(Answer):
    """The part of the count that was verified so well: 0 e-mail, 1 social log-in, 2 phone, 3 national e-ID."""

    assurance: int = Field(ge=0, le=3)
    signature_count: int


class ByDay(Answer):
    """A day's part of the count."""

    day: Day
    signature_count: int


class Breakdowns(Answer):
    """The count, taken apart. `by_region` is empty where the petition is not counted by region."""

    petition: int
    signature_count: int
    time_zone: str
    by_region: list[ByRegion]
    by_assurance: list[ByAssurance]
    by_day: list[ByDay]


class Update(Answer):
    """News by a petition's creator; `text` is null where the office hid it, and then `reason` says why."""

    text: str | None
    at: Moment
    hidden_at: Moment | None
    reason: Words | None


class Updates(Answer):
    """A petition's news, the newest first."""

    petition: int
    data: list[Update]


class CharterSummary(Answer):
    """A charter that petitions here follow."""

    id: str
    title: Words
    institution: Words
    sha256: Hex
    is_site_s_own: bool = Field(description="Whether new petitions follow it")
    url: str
    self: str


class Charters(Answer):
    """Every charter that a petition here follows, and the site's own."""

    data: list[CharterSummary]


class Charter(CharterSummary):
    """An institution's rules, as data and as the exact file whose SHA-256 petitions pin."""

    time_zone: str
    rules: dict[str, Any]
    source: str = Field(description="The exact TOML file")


class ReasonCount(Answer):
    """How often a reason was given."""

    code: str
    reason: Words
    count: int


class Moderation(Answer):
    """How the office decided in the last days; `waiting`, `overdue` and `appeals_open` are of this moment."""

    as_of: Moment
    days: int
    opened: int
    rejected: int
    hidden: int
    removed: int
    median_hours: float | None
    waiting: int
    overdue: int
    rejection_reasons: list[ReasonCount]
    masked_passages: list[ReasonCount]
    appeals_upheld: int
    appeals_dismissed: int
    appeals_open: int


class Cosignature(Answer):
    """What a witness has cosigned last."""

    witness: str
    size: int
    cosigned_at: Moment


class SiteLedger(Answer):
    """The site's own log, whose entries name every petition's checkpoints. `size` is 0 before its first."""

    origin: str | None
    size: int
    key: str | None = Field(description="The key that verifies it (C2SP vkey)")
    checkpoint: str
    cosignatures: list[Cosignature]


class SimilarPetition(Answer):
    """A petition that is like a text."""

    id: int
    source: str | None
    source_id: str | None
    title: str
    state: State
    signature_count: int
    score: float = Field(ge=0, le=1.0001)
    relation: Literal["same", "related", "opposite"]
    shared_words: list[str]


class SimilarPetitions(Answer):
    """The likeliest first."""

    data: list[SimilarPetition]


class ParameterError(Answer):
    """What is wrong with a parameter."""

    parameter: str
    detail: str


class Problem(BaseModel):
    """Why there is no answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ParameterError] | None = None

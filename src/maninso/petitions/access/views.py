"""The read models that pages, JSON and feeds are made of.

Everything here is public knowledge unless a field says otherwise. Counts of our own ledger and counts reported by
another site are never mixed: `count_is_reported` says which one `count` is.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

DEBATE = "debate"
"""The threshold, as charters name it, whose obligation is a debate and no answer."""

Words = Mapping[str, str]
"""A text in each language it is known in: {"ko": ..., "en": ...}."""


@dataclass(frozen=True, kw_only=True)
class ThresholdView:
    """One threshold of the petition's charter and how far the petition is from it."""

    threshold_id: str
    label: Words
    needed: int  # signatures
    met: bool  # and not undone by voids since
    met_at: dt.datetime | None  # by our ledger, the last time; None for reported counts
    met_leaf: int | None  # index of the leaf that met it
    regions_met: int | None
    regions_needed: int | None


@dataclass(frozen=True)
class DocumentView:
    """A document of an answer, under the name that people read."""

    title: str
    kind: str  # media type
    ending: str  # of such a file's name: "pdf"
    size: int  # bytes
    digest: str  # SHA-256, hex


@dataclass(frozen=True, kw_only=True)
class ResponseView:
    """What the institution answered."""

    author: str
    summary: str
    body: str
    language: str
    version: int  # 1 is the first; every version stays on the record
    published_at: dt.datetime
    digest: str = ""  # SHA-256 of it, hex, as the petition's log has it
    documents: tuple[DocumentView, ...] = ()


@dataclass(frozen=True)
class MetBesides:
    """Another petition that the same answer answers."""

    petition_id: int
    title: str  # "" where it is not public
    language: str


@dataclass(frozen=True, kw_only=True)
class AnswerView:
    """One answer to a petition in all its versions, the newest first. One that was taken back answers nothing."""

    answer_id: int  # 0 for one that came not from the desk
    obligations: tuple[int, ...]  # of this petition; () where nothing was owed
    versions: tuple[ResponseView, ...]
    retracted_at: dt.datetime | None
    retraction: str  # why
    besides: tuple[MetBesides, ...]

    @property
    def newest(self) -> ResponseView:
        """The version that holds."""
        return self.versions[0]


@dataclass(frozen=True, kw_only=True)
class VerdictsView:
    """What signers say of the answer that keeps a debt; one verdict a signer."""

    obligation_id: int
    yes: int
    partly: int
    no: int
    earlier: int  # of these, those that were given to an earlier version of the answer

    @property
    def total(self) -> int:
        """How many signers have said something."""
        return self.yes + self.partly + self.no


@dataclass(frozen=True)
class StageView:
    """One stage of a bill: its code, its day, and a note."""

    stage: str
    on: dt.date
    note: str


@dataclass(frozen=True, kw_only=True)
class BillView:
    """A bill, a ruling or a refusal (`kind`), and where it stands."""

    bill_id: int
    kind: str
    register: str
    number: str
    title: str
    language: str
    body: str  # the parliament, court or institution
    proposer: str
    summary: str
    address: str
    act_title: str  # "" while it is no law
    act_number: str
    enacted_on: dt.date | None
    in_force_on: dt.date | None
    stages: tuple[StageView, ...]  # the first one first
    demand: str  # of the petition that it is shown on
    meets: str  # whole, part or not: that demand; "" elsewhere

    @property
    def is_law(self) -> bool:
        """Whether it was enacted."""
        return self.enacted_on is not None


@dataclass(frozen=True)
class ExtensionView:
    """One time that the day of a debt was moved."""

    old_due_on: dt.date
    new_due_on: dt.date
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class DueChangeView:
    """One time that the day of a debt changed: because of a calendar, a certification or a submission (`cause`)."""

    old_due_on: dt.date | None
    new_due_on: dt.date | None
    cause: str
    at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class ObligationView:
    """One debt of an institution: `state` is owed, kept, declined or lapsed; owed and past its day is overdue."""

    obligation_id: int
    petition_id: int
    petition_title: str
    petition_language: str
    threshold_id: str
    what: Words
    who: Words
    basis: Words
    needed: int
    count: int
    met_at: dt.datetime  # the last time, where voids undid it and it was met again
    met_leaf: int
    met_count: int  # with that leaf; more than `needed` where regions were what was missing
    undone_leaf: int | None  # the void that took the threshold away; None while it stands
    undone_count: int | None  # with that leaf
    due_on: dt.date | None  # the last day, in the charter's time zone; None where the charter sets none
    binding: bool  # a best-effort day is shown, but missing it breaks no rule
    state: str
    days_late: int  # 0 unless overdue
    extended: int  # how many times the day was moved
    settled_at: dt.datetime | None
    decline_reason: str  # the charter's code of the ground it was declined on; "" otherwise
    decline_note: str
    response: ResponseView | None
    ground: Words = field(default_factory=dict)  # that reason in the charter's words
    extensions: tuple[ExtensionView, ...] = ()
    due_changes: tuple[DueChangeView, ...] = ()
    waits_for: str = (
        ""  # what the day depends on while it is not known or may move: calendar, certification, submission
    )
    lapse_reason: str = ""  # the code of the ground on which it lapsed; "" where voids undid the threshold
    lapse_ground: Words = field(default_factory=dict)
    lapse_note: str = ""

    @property
    def overdue(self) -> bool:
        """Whether the day has passed without an answer."""
        return self.state == "owed" and self.days_late > 0


@dataclass(frozen=True, kw_only=True)
class WouldOwe:
    """What the charter would have owed for a count that another site reported."""

    what: Words
    who: Words
    needed: int
    due_on: dt.date | None


@dataclass(frozen=True, kw_only=True)
class LedgerView:
    """The petition's log at its last checkpoint."""

    origin: str
    size: int  # leaves
    signatures: int
    voids: int
    reinstated: int
    root: bytes  # 32 bytes
    published_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class PetitionCard:
    """A petition as lists show it."""

    petition_id: int
    state: str
    title: str
    summary: str  # the beginning of the text, at most 160 characters
    language: str
    topic: str
    opened_at: dt.datetime | None
    closes_at: dt.datetime | None
    closed_at: dt.datetime | None
    count: int
    count_is_reported: bool
    source: str  # "" for our own
    source_id: str
    needed: int | None  # the next threshold not met yet; else, and once nobody may sign, the last that was met
    owed: str  # "", "owed", "overdue", "kept": the most pressing obligation
    due_on: dt.date | None
    is_answered_unowed: bool = False  # though nothing was owed


@dataclass(frozen=True, kw_only=True)
class MaskedView:
    """One passage that was masked before the petition opened: why, and the commitment to what stood there."""

    reason_code: str
    reason: Words
    commitment: str  # SHA-256 of salt and original, hex


@dataclass(frozen=True)
class ReportedPart:
    """A region, constituency or country as another site reported it: its code there, its name, and signatures."""

    code: str
    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class ReportedView:
    """What another site reported of a petition beyond its count. Nothing in it is counted here."""

    responded_on: dt.date | None
    response_summary: str  # "": it was not answered
    response_details: str
    is_debated: bool
    debated_on: dt.date | None
    debate_overview: str
    debate_addresses: Mapping[str, str]  # by that site's names: transcript_url, video_url, ...
    regions: tuple[ReportedPart, ...] = ()
    constituencies: tuple[ReportedPart, ...] = ()
    countries: tuple[ReportedPart, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PetitionView:
    """A petition as its own page shows it.

    `title` and `body` are empty while the text is not public: in gathering and moderation, and once hidden or removed
    (or withdrawn before it opened). What is left then is the tombstone: number, state, dates, count and reason.
    """

    petition_id: int
    state: str
    title: str
    body: str
    language: str
    topic: str
    creator_name: str  # "" where the charter does not disclose it (or no longer does)
    charter_id: str
    charter_digest: bytes  # SHA-256 (32 bytes) of the exact version that the petition follows
    charter_title: Words
    institution: Words
    time_zone: str
    created_at: dt.datetime
    opened_at: dt.datetime | None
    closes_at: dt.datetime | None
    closed_at: dt.datetime | None
    count: int
    count_is_reported: bool
    source: str
    source_id: str
    source_status: str
    reason_code: str  # why it was rejected, hidden, withdrawn or removed; "" otherwise
    reason: Words
    reason_note: str  # what was added to the reason, in the office's words
    thresholds: tuple[ThresholdView, ...]
    obligations: tuple[ObligationView, ...]
    would_owe: tuple[WouldOwe, ...]
    signatures_by_region: Mapping[str, int]  # ISO 3166 code -> signatures less voids; empty where not counted so
    signatures_by_assurance: Mapping[int, int]  # 0 to 3 -> signatures less voids; empty before it opened
    ledger: LedgerView | None
    updated_at: dt.datetime
    moderation_at: dt.datetime | None = None  # when it was first handed to the moderators
    masked: tuple[MaskedView, ...] = ()
    answers: tuple[AnswerView, ...] = ()  # the first one first
    unowed: ResponseView | None = None  # the newest answer that stands though nothing was owed
    verdicts: tuple[VerdictsView, ...] = ()  # of answered debts
    bills: tuple[BillView, ...] = ()  # and rulings and refusals
    reported: ReportedView | None = None  # of an imported petition
    confirms_until: dt.datetime | None = None  # closed: who asked for a link in time may confirm until then
    appeal: str = ""  # against the decision that keeps it from being open: "", open, upheld or dismissed

    @property
    def takes_signatures(self) -> bool:
        """Whether the sign form belongs on the page."""
        return self.state == "open"

    def may_be_asked(self, now: dt.datetime) -> bool:
        """Whether somebody may begin to sign now: also in the seconds until it is noticed that the time is over."""
        return self.state == "open" and (self.closes_at is None or now < self.closes_at)

    def may_be_confirmed(self, now: dt.datetime) -> bool:
        """Whether whoever asked in time may sign now."""
        return self.state == "open" or (self.confirms_until is not None and now < self.confirms_until)


@dataclass(frozen=True, kw_only=True)
class CountView:
    """A petition's count alone: what a nation asks for every ten seconds."""

    count: int
    reached_at: dt.datetime | None  # when the first threshold was met by our ledger, but for a debate's
    answered_at: dt.datetime | None
    debate: "DebateCount | None" = None  # None where the petition's charter knows no debates


@dataclass(frozen=True, kw_only=True)
class DebateCount:
    """What a count says of debates."""

    reached_at: dt.datetime | None
    settled_at: dt.datetime | None
    debated: bool


@dataclass(frozen=True, kw_only=True)
class ReceiptView:
    """One leaf of a petition's log, by its hash; `proof` is None while no checkpoint covers the leaf."""

    petition_id: int
    petition_title: str  # "" where the text is not public
    petition_language: str
    origin: str
    leaf_hash: bytes  # 32 bytes
    leaf_index: int
    proof: bytes | None  # the .tlog-proof file

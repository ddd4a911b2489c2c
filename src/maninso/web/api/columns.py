"""The tables that can be taken away, column by column: headers, types and the data dictionary are made of this."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["integer", "text", "day", "moment", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column: how CSV and Parquet name it, and what it holds. A text is empty in CSV where it is not known."""

    label: str
    name: str
    kind: Kind
    about: str


@dataclass(frozen=True)
class Table:
    """One table: `place` is where it is, without its ending."""

    name: str
    place: str
    about: str
    columns: tuple[Column, ...]


PETITIONS = Table(
    "petitions",
    "/petitions",
    "Every listed petition, or what the filter of the list finds",
    (
        Column("Petition", "title", "text", "Its title"),
        Column("URL", "url", "text", "Its page"),
        Column("State", "state", "text", "open, closed, rejected or withdrawn"),
        Column("Signatures Count", "signature_count", "integer", "Signatures less voids, or as another site reported"),
        Column("Number", "petition", "integer", "Its number here"),
        Column("Source", "source", "text", "The site that it was imported from"),
        Column("Source Number", "source_id", "text", "Its number there"),
        Column("Count Is Reported", "count_is_reported", "boolean", "Whether no ledger of ours is behind the count"),
        Column("Topic", "topic", "text", "Its topic"),
        Column("Opened", "opened_at", "moment", "When it opened for signatures"),
        Column("Closes", "closes_at", "moment", "The end of its last day, exclusive"),
        Column("Needed", "signatures_needed", "integer", "The next threshold that is not met, else the last one"),
        Column("Owed", "obligation_state", "text", "The most pressing debt: owed, overdue or kept"),
        Column("Due", "obligation_due_on", "day", "By when, in its charter's time zone"),
    ),
)
OBLIGATIONS = Table(
    "obligations",
    "/obligations",
    "What is owed and what came, or what a `status` has",
    (
        Column("Obligation", "obligation", "integer", "Its number"),
        Column("Petition", "petition", "integer", "The petition's number"),
        Column("Title", "title", "text", "The petition's title"),
        Column("Threshold", "threshold", "text", "The threshold's id in the charter"),
        Column("State", "state", "text", "owed, kept, declined or lapsed"),
        Column("Overdue", "overdue", "boolean", "Whether its day has passed without an answer"),
        Column("Days Late", "days_late", "integer", "Whole days since that day"),
        Column("Who", "who", "text", "Who owes it, in English"),
        Column("What", "what", "text", "What is owed, in English"),
        Column("Needed", "needed", "integer", "Signatures that the threshold asks for"),
        Column("Met", "met_at", "moment", "When they were there"),
        Column("Met By", "met_leaf", "integer", "The ledger's entry that met it"),
        Column("Due", "due_on", "day", "By when, in the charter's time zone"),
        Column("Binding", "binding", "boolean", "Whether missing the day breaks the rule"),
        Column("Settled", "settled_at", "moment", "When it was kept, declined or lapsed"),
        Column("Answered By", "author", "text", "Who answered"),
        Column("Answer", "summary", "text", "The answer in brief"),
        Column("Yes", "verdict_yes", "integer", "Signers who say that it was an answer; empty where none stands"),
        Column("Partly", "verdict_partly", "integer", "Signers who say that it was one in part"),
        Column("No", "verdict_no", "integer", "Signers who say that it was none"),
        Column("Earlier", "verdict_earlier", "integer", "How many of these were said of an earlier version"),
        Column("Declined For", "decline_reason", "text", "The charter's code of the ground on which it was declined"),
        Column("Lapsed For", "lapse_reason", "text", "The code of the ground on which it lapsed"),
    ),
)
ANSWERS = Table(
    "answers",
    "/answers",
    "What institutions answered: each version to each debt, the newest first; those that were taken back too",
    (
        Column("Number", "number", "integer", "Of this version to this debt"),
        Column(
            "Answer",
            "answer",
            "integer",
            "The same for all versions of an answer; empty where there is one alone",
        ),
        Column("Version", "version", "integer", "1 is the first"),
        Column("Obligation", "obligation", "integer", "The debt that it answers; empty where nothing is owed"),
        Column("Petition", "petition", "integer", "The petition's number"),
        Column("Title", "title", "text", "The petition's title"),
        Column("Standing", "is_standing", "boolean", "Whether it is what keeps the debt"),
        Column("Published", "published_at", "moment", "When it was published"),
        Column("Answered By", "author", "text", "Who answered"),
        Column("Language", "language", "text", "The language that it is written in"),
        Column("In Brief", "summary", "text", "The answer in brief"),
        Column("Text", "body", "text", "The whole answer"),
        Column("Digest", "digest", "text", "SHA-256 of it, as the petition's ledger has it"),
        Column("Taken Back", "retracted_at", "moment", "When the institution took it back"),
        Column("Taken Back Because", "retraction", "text", "Why"),
    ),
)
BILLS = Table(
    "bills",
    "/bills",
    "Bills, laws, rulings and refusals that petitions led to, or those of a `kind`",
    (
        Column("Bill", "bill", "integer", "Its number here"),
        Column("Kind", "kind", "text", "bill, ruling or refusal"),
        Column("Register", "register", "text", "Whose number the next one is"),
        Column("Number", "number", "text", "Its number there"),
        Column("Title", "title", "text", "Its title"),
        Column("Language", "language", "text", "The language that it is written in"),
        Column("Body", "body", "text", "The parliament, court or institution"),
        Column("Proposer", "proposer", "text", "Who proposed it"),
        Column("Summary", "summary", "text", "What it is about"),
        Column("Address", "address", "text", "Where it stands in its register"),
        Column("Act", "act_title", "text", "The act that it was enacted as; empty while it is no law"),
        Column("Act Number", "act_number", "text", "That act's number"),
        Column("Enacted", "enacted_on", "day", "When it was enacted"),
        Column("In Force", "in_force_on", "day", "From when on it is in force"),
        Column("Stage", "stage", "text", "The last stage of its way so far"),
        Column("Stage Since", "stage_on", "day", "The day of that stage"),
        Column("Changed", "changed_at", "moment", "When it was taken over from its register last"),
    ),
)
STAGES = Table(
    "stages",
    "/bills/stages",
    "The stages of every bill's way, the first one first",
    (
        Column("Bill", "bill", "integer", "The bill's number here"),
        Column("Position", "position", "integer", "1 is the first"),
        Column("Stage", "stage", "text", "Which one"),
        Column("Day", "on", "day", "Its day"),
        Column("Note", "note", "text", "What the register adds"),
    ),
)
PROVISIONS = Table(
    "provisions",
    "/bills/provisions",
    "What every bill changes, provision by provision",
    (
        Column("Bill", "bill", "integer", "The bill's number here"),
        Column("Position", "position", "integer", "1 is the first"),
        Column("Provision", "place", "text", "Which one"),
        Column("Before", "before", "text", "How it read; empty where it is new"),
        Column("After", "after", "text", "How it reads; empty where it is struck out"),
    ),
)
DEMANDS = Table(
    "demands",
    "/bills/petitions",
    "The petitions behind every bill, and how far it meets what each demands",
    (
        Column("Bill", "bill", "integer", "The bill's number here"),
        Column("Petition", "petition", "integer", "The petition's number"),
        Column("Title", "title", "text", "The petition's title"),
        Column("Demand", "demand", "text", "What it demands"),
        Column("Meets", "meets", "text", "whole, part or not"),
    ),
)
SIGNATURES = Table(
    "signatures",
    "/petitions/{id}/signatures",
    "A petition's signatures, as its ledger has them at the last checkpoint; nothing in it says who",
    (
        Column("Leaf", "leaf", "integer", "The entry of the ledger"),
        Column("Day", "day", "day", "The day (UTC) on which the entry's time bucket begins"),
        Column("Region", "region", "text", "ISO 3166 code; empty where it is not counted by region"),
        Column("Assurance", "assurance", "integer", "0 e-mail, 1 social log-in, 2 phone or real name, 3 national e-ID"),
        Column("Void", "void", "integer", "Why it does not count: a reason of the ledger's; empty where it counts"),
    ),
)
VOIDS = Table(
    "voids",
    "/petitions/{id}/voids",
    "A petition's voids and reinstatements, the newest first",
    (
        Column("Leaf", "leaf", "integer", "The entry of the ledger"),
        Column("Signature", "signature", "integer", "The entry of the signature that it is about"),
        Column("Effect", "effect", "integer", "What it adds to the count: -1 or 1"),
        Column("Reason", "reason", "integer", "A reason of the ledger's"),
        Column("Reason In Words", "reason_words", "text", "The same in English"),
        Column("Decision", "batch", "integer", "The decision that it follows; empty where the signer withdrew"),
        Column("Time", "at", "moment", "The beginning of the entry's time bucket"),
    ),
)
TABLES = (PETITIONS, OBLIGATIONS, ANSWERS, BILLS, STAGES, PROVISIONS, DEMANDS, SIGNATURES, VOIDS)

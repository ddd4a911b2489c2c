"""The tables of everything that happens to a petition except being signed.

Invariants are constraints of the database, each with a name; Python only asks. The tables of the signing path are
mirrored for reading (`signing`), never written from here.
"""

from maninso.petitions.models.account import Account, KeptPetition
from maninso.petitions.models.audit import AuditRecord
from maninso.petitions.models.bill import Bill, BillPetition, Provision, Stage
from maninso.petitions.models.calendar import (
    DAY_KINDS,
    MOMENT_KINDS,
    CalendarDay,
    DueChange,
    Moment,
    TermEnd,
)
from maninso.petitions.models.document import ENDINGS, LARGEST_DOCUMENT, Document, ReplyDocument, ResponseDocument
from maninso.petitions.models.family import FAMILY_ROLES, Family, FamilyChange, FamilyMember
from maninso.petitions.models.integrity import VoidBatch
from maninso.petitions.models.moderation import Appeal, Case, Mask, Note, Takedown
from maninso.petitions.models.notice import Allowance, Announcement, Message, Subscriber
from maninso.petitions.models.noticeboard import Notice, PageVersion
from maninso.petitions.models.obligation import Extension, Obligation, Response
from maninso.petitions.models.petition import NEVER, OPENED, CharterVersion, Petition, StateChange
from maninso.petitions.models.raising import RECEIVED, BlockedCreator, Letter, Raising, Sponsor
from maninso.petitions.models.reply import VERDICTS, Assignment, Reminder, Reply, ReplyPetition, ReplyTarget, Verdict
from maninso.petitions.models.reported import ReportedRecord
from maninso.petitions.models.search import GramCount, GramFrequency, PetitionSearch, SearchDue, TitleWord
from maninso.petitions.models.signing import SigningGate, SigningTally, SigningThreshold, SigningTree
from maninso.petitions.models.webhook import Delivery, Webhook

__all__ = [
    "DAY_KINDS",
    "ENDINGS",
    "FAMILY_ROLES",
    "LARGEST_DOCUMENT",
    "MOMENT_KINDS",
    "NEVER",
    "OPENED",
    "RECEIVED",
    "VERDICTS",
    "Account",
    "Allowance",
    "Announcement",
    "Appeal",
    "Assignment",
    "AuditRecord",
    "Bill",
    "BillPetition",
    "BlockedCreator",
    "CalendarDay",
    "Case",
    "CharterVersion",
    "Delivery",
    "Document",
    "DueChange",
    "Extension",
    "Family",
    "FamilyChange",
    "FamilyMember",
    "GramCount",
    "GramFrequency",
    "KeptPetition",
    "Letter",
    "Mask",
    "Message",
    "Moment",
    "Note",
    "Notice",
    "Obligation",
    "PageVersion",
    "Petition",
    "PetitionSearch",
    "Provision",
    "Raising",
    "Reminder",
    "Reply",
    "ReplyDocument",
    "ReplyPetition",
    "ReplyTarget",
    "ReportedRecord",
    "Response",
    "ResponseDocument",
    "SearchDue",
    "SigningGate",
    "SigningTally",
    "SigningThreshold",
    "SigningTree",
    "Sponsor",
    "Stage",
    "StateChange",
    "Subscriber",
    "Takedown",
    "TermEnd",
    "TitleWord",
    "Verdict",
    "VoidBatch",
    "Webhook",
]

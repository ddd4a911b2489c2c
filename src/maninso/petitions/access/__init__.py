"""Who may see which petition, and what they see of it.

The read models that pages, JSON and feeds are made of lie in `views`; everything outside petitions imports them and
the functions from here.
"""

from maninso.petitions.access.answers import find_document
from maninso.petitions.access.bills import AboutView, ProvisionView, WholeBill, find_bill, list_bills
from maninso.petitions.access.build import summarise
from maninso.petitions.access.curve import Stretch, read_curve
from maninso.petitions.access.find import (
    find_count,
    find_petition,
    log_key,
    read_listed,
    read_log_file,
    read_receipt,
)
from maninso.petitions.access.rules import find_charter
from maninso.petitions.access.views import (
    DEBATE,
    AnswerView,
    BillView,
    CountView,
    DebateCount,
    DocumentView,
    DueChangeView,
    ExtensionView,
    LedgerView,
    MaskedView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ReceiptView,
    ReportedPart,
    ReportedView,
    ResponseView,
    ThresholdView,
    VerdictsView,
    Words,
    WouldOwe,
)

__all__ = [
    "DEBATE",
    "AboutView",
    "AnswerView",
    "BillView",
    "CountView",
    "DebateCount",
    "DocumentView",
    "DueChangeView",
    "ExtensionView",
    "LedgerView",
    "MaskedView",
    "ObligationView",
    "PetitionCard",
    "PetitionView",
    "ProvisionView",
    "ReceiptView",
    "ReportedPart",
    "ReportedView",
    "ResponseView",
    "Stretch",
    "ThresholdView",
    "VerdictsView",
    "WholeBill",
    "Words",
    "WouldOwe",
    "find_bill",
    "find_charter",
    "find_count",
    "find_document",
    "find_petition",
    "list_bills",
    "log_key",
    "read_curve",
    "read_listed",
    "read_log_file",
    "read_receipt",
    "summarise",
]

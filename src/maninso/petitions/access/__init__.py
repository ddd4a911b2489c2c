"""Who may see which petition, and what they see of it.

The read models that pages, JSON and feeds are made of lie in `views`; everything outside petitions imports them and
the functions from here.
"""

from maninso.petitions.access.bills import AboutView, ProvisionView, WholeBill, find_bill, list_bills
from maninso.petitions.access.find import find_count, find_petition, log_key, read_log_file, read_receipt
from maninso.petitions.access.rules import find_charter
from maninso.petitions.access.views import (
    AnswerView,
    BillView,
    CountView,
    ExtensionView,
    LedgerView,
    MaskedView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ReceiptView,
    ResponseView,
    ThresholdView,
    VerdictsView,
    Words,
    WouldOwe,
)

__all__ = [
    "AboutView",
    "AnswerView",
    "BillView",
    "CountView",
    "ExtensionView",
    "LedgerView",
    "MaskedView",
    "ObligationView",
    "PetitionCard",
    "PetitionView",
    "ProvisionView",
    "ReceiptView",
    "ResponseView",
    "ThresholdView",
    "VerdictsView",
    "WholeBill",
    "Words",
    "WouldOwe",
    "find_bill",
    "find_charter",
    "find_count",
    "find_petition",
    "list_bills",
    "log_key",
    "read_log_file",
    "read_receipt",
]

"""Records what is owed, by when, and what came of it.

A debt is made when the sequencer has recorded that a threshold was met, exactly once; whether it is overdue is a
question of the clock and never stored. Where the charter says so, voids can undo the threshold, and then it lapses;
so it may with the term of a parliament. Clocks that count working days or sittings follow the calendars that
institutions give.
Clerks write replies at their desk; once another member has approved one, it is published as a response to each debt
that it meets, and settles it.
"""

from maninso.petitions.models.document import LARGEST_DOCUMENT
from maninso.petitions.obligations.bills import (
    BillError,
    BillRecord,
    StaleBillError,
    drop_bill,
    keep_bill,
    read_record,
    write_bill,
)
from maninso.petitions.obligations.board import (
    STATUSES,
    Board,
    Score,
    board,
    count_obligations,
    nearest_threshold,
    read_scores,
)
from maninso.petitions.obligations.clocks import (
    CalendarReport,
    CalendarView,
    GivenDays,
    give_calendar,
    moments_of,
    note_moment,
    read_calendars,
    read_moment_days,
    recount_due_days,
)
from maninso.petitions.obligations.debts import record_met_thresholds
from maninso.petitions.obligations.desk import Debt, Desk, DeskRow, assign, list_colleagues, read_debt, read_desk
from maninso.petitions.obligations.documents import (
    DocumentError,
    attach_document,
    detach_document,
    find_kind,
    forget_documents,
)
from maninso.petitions.obligations.reminders import remind_clerks
from maninso.petitions.obligations.replies import (
    OwnReplyError,
    ReplyError,
    ReplyText,
    StaleReplyError,
    TargetError,
    approve_reply,
    drop_reply,
    edit_reply,
    preview_mail,
    propose_reply,
    publish_due_replies,
    retract_reply,
    revise_reply,
    send_back_reply,
    start_reply,
)
from maninso.petitions.obligations.settling import (
    GroundError,
    InstitutionError,
    ObligationError,
    answer,
    decline,
    digest_response,
    extend,
)
from maninso.petitions.obligations.terms import (
    announce_term_end,
    follow_term_ends,
    lapse,
    lapse_unsubmitted,
    list_term_ends,
)
from maninso.petitions.obligations.verdicts import KeyGoneError, NotSignerError, judge_answer
from maninso.petitions.obligations.written import (
    ReplyView,
    Target,
    list_replies,
    list_targets,
    read_reply,
    read_reply_document,
)

__all__ = [
    "LARGEST_DOCUMENT",
    "STATUSES",
    "BillError",
    "BillRecord",
    "Board",
    "CalendarReport",
    "CalendarView",
    "Debt",
    "Desk",
    "DeskRow",
    "DocumentError",
    "GivenDays",
    "GroundError",
    "InstitutionError",
    "KeyGoneError",
    "NotSignerError",
    "ObligationError",
    "OwnReplyError",
    "ReplyError",
    "ReplyText",
    "ReplyView",
    "Score",
    "StaleBillError",
    "StaleReplyError",
    "Target",
    "TargetError",
    "announce_term_end",
    "answer",
    "approve_reply",
    "assign",
    "attach_document",
    "board",
    "count_obligations",
    "decline",
    "detach_document",
    "digest_response",
    "drop_bill",
    "drop_reply",
    "edit_reply",
    "extend",
    "find_kind",
    "follow_term_ends",
    "forget_documents",
    "give_calendar",
    "judge_answer",
    "keep_bill",
    "lapse",
    "lapse_unsubmitted",
    "list_colleagues",
    "list_replies",
    "list_targets",
    "list_term_ends",
    "moments_of",
    "nearest_threshold",
    "note_moment",
    "preview_mail",
    "propose_reply",
    "publish_due_replies",
    "read_calendars",
    "read_debt",
    "read_desk",
    "read_moment_days",
    "read_record",
    "read_reply",
    "read_reply_document",
    "read_scores",
    "record_met_thresholds",
    "recount_due_days",
    "remind_clerks",
    "retract_reply",
    "revise_reply",
    "send_back_reply",
    "start_reply",
    "write_bill",
]

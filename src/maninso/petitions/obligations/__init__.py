"""Records what is owed, by when, and what came of it.

A debt is made when the sequencer has recorded that a threshold was met, exactly once; whether it is overdue is a
question of the clock and never stored. Where the charter says so, voids can undo the threshold, and then it lapses.
Clerks write replies at their desk; once another member has approved one, it is published as a response to each debt
that it meets, and settles it.
"""

from maninso.petitions.obligations.bills import BillError, BillRecord, keep_bill, read_record
from maninso.petitions.obligations.board import (
    STATUSES,
    Board,
    Score,
    board,
    count_obligations,
    nearest_threshold,
    read_scores,
)
from maninso.petitions.obligations.debts import record_met_thresholds
from maninso.petitions.obligations.desk import Debt, Desk, DeskRow, assign, list_colleagues, read_debt, read_desk
from maninso.petitions.obligations.reminders import remind_clerks
from maninso.petitions.obligations.replies import (
    OwnReplyError,
    ReplyError,
    ReplyText,
    StaleReplyError,
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
from maninso.petitions.obligations.verdicts import KeyGoneError, NotSignerError, judge_answer
from maninso.petitions.obligations.written import ReplyView, Target, list_replies, list_targets, read_reply

__all__ = [
    "STATUSES",
    "BillError",
    "BillRecord",
    "Board",
    "Debt",
    "Desk",
    "DeskRow",
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
    "StaleReplyError",
    "Target",
    "answer",
    "approve_reply",
    "assign",
    "board",
    "count_obligations",
    "decline",
    "digest_response",
    "drop_reply",
    "edit_reply",
    "extend",
    "judge_answer",
    "keep_bill",
    "list_colleagues",
    "list_replies",
    "list_targets",
    "nearest_threshold",
    "preview_mail",
    "propose_reply",
    "publish_due_replies",
    "read_debt",
    "read_desk",
    "read_record",
    "read_reply",
    "read_scores",
    "record_met_thresholds",
    "remind_clerks",
    "retract_reply",
    "revise_reply",
    "send_back_reply",
    "start_reply",
]

"""Why something in a log was refused: one exception, told apart by a stable reason code."""

from enum import StrEnum

from maninso import ManinsoError


class Reason(StrEnum):
    """Stable codes; scripts may rely on them. docs/reference/ledger.md says what each means to a reader."""

    MALFORMED_KEY = "malformed-key"
    MALFORMED_NOTE = "malformed-note"
    MALFORMED_CHECKPOINT = "malformed-checkpoint"
    MALFORMED_RECEIPT = "malformed-receipt"
    MALFORMED_PROMISE = "malformed-promise"
    MALFORMED_ENTRY = "malformed-entry"
    MALFORMED_PATH = "malformed-path"
    MALFORMED_TILE = "malformed-tile"
    MALFORMED_BUNDLE = "malformed-bundle"
    TRUNCATED_BUNDLE = "truncated-bundle"
    WRONG_KEY = "wrong-key"
    BAD_SIGNATURE = "bad-signature"
    OTHER_LOG = "other-log"
    BAD_PROOF = "bad-proof"
    WRONG_ROOT = "wrong-root"
    FORGED_TILE = "forged-tile"
    CHANGED_TILE = "changed-tile"
    CHANGED_ENTRY = "changed-entry"
    DROPPED_LEAF = "dropped-leaf"
    FORK = "fork"
    SHRUNK = "shrunk"
    MISSING_GENESIS = "missing-genesis"
    MISPLACED_GENESIS = "misplaced-genesis"
    UNKNOWN_REGION = "unknown-region"
    DUPLICATED_NULLIFIER = "duplicated-nullifier"
    VOID_OF_VOID = "void-of-void"
    VOID_OF_NOTHING = "void-of-nothing"
    VOID_TWICE = "void-twice"
    REINSTATE_OF_NOTHING = "reinstate-of-nothing"
    FALSE_EVENT = "false-event"
    OVERSIZED = "oversized"
    MALFORMED_REQUEST = "malformed-request"
    VANISHED = "vanished"
    MISSING_QUORUM = "missing-quorum"
    BROKEN_PROMISE = "broken-promise"
    MALFORMED_MANIFEST = "malformed-manifest"
    CHANGED_FILE = "changed-file"


class LedgerError(ManinsoError):
    """Bytes that are not what they claim to be. `reason` is the stable code, the message is for people."""

    def __init__(self, reason: Reason, message: str, *, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.reason = reason

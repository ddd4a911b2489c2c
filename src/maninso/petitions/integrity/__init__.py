"""Doubts signatures: voids by decision of the office, withdrawals by signers, and the public record of both."""

from maninso.petitions.integrity.batches import (
    BatchError,
    BatchView,
    SamePersonError,
    SelectionError,
    UnknownBatchError,
    approve_batch,
    cancel_batch,
    list_batches,
    number_regions,
    propose_batch,
    read_batch,
    run_batch,
)
from maninso.petitions.integrity.receipts import (
    LARGEST_FILE,
    PROMISED_WITHIN,
    Checked,
    check_file,
    make_promise,
    promise_key,
)
from maninso.petitions.integrity.record import Decision, VoidEntry, VoidRecord, read_voids
from maninso.petitions.integrity.retention import destroy_due_keys, destroy_petition_key
from maninso.petitions.integrity.withdrawals import NoSignatureError, Standing, read_standing, withdraw_signature
from maninso.signing.voids import NotOpenError, Selection

__all__ = [
    "LARGEST_FILE",
    "PROMISED_WITHIN",
    "BatchError",
    "BatchView",
    "Checked",
    "Decision",
    "NoSignatureError",
    "NotOpenError",
    "SamePersonError",
    "Selection",
    "SelectionError",
    "Standing",
    "UnknownBatchError",
    "VoidEntry",
    "VoidRecord",
    "approve_batch",
    "cancel_batch",
    "check_file",
    "destroy_due_keys",
    "destroy_petition_key",
    "list_batches",
    "make_promise",
    "number_regions",
    "promise_key",
    "propose_batch",
    "read_batch",
    "read_standing",
    "read_voids",
    "run_batch",
    "withdraw_signature",
]

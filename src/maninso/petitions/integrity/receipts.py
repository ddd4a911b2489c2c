"""What a signer holds: the promise that is given at once, and whether a promise or receipt that is shown holds.

A promise says that a signature which is stored will be in the signed log within a minute; it is made when it is asked
for, from the stored leaf, by a key of its own. Broken, it is evidence against the site (docs/reference/ledger.md).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from django.conf import settings
from django.db import connection

from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.merkle import hash_leaf, prove_inclusion, verify_inclusion
from maninso.ledger.note import SignerKey, VerifierKey
from maninso.ledger.proof import MAX_RECEIPT_BYTES, Promise, open_promise, sign_promise, verify_receipt
from maninso.ledger.reader import read_hashes_from
from maninso.petitions.integrity.withdrawals import Standing, read_standing
from maninso.petitions.models import SigningGate
from maninso.signing.gate import Cursor
from maninso.signing.log import find_leaf, read_log_key
from maninso.signing.tiles import LogTiles, read_tree

PROMISED_WITHIN = 60  # seconds until a promised leaf is in a signed checkpoint
LARGEST_FILE = MAX_RECEIPT_BYTES

Kind = Literal["receipt", "promise", "nothing"]
Verdict = Literal["counted", "voided", "waiting", "missing", "contradicted", "false", "elsewhere", "unreadable"]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a file that somebody has kept is worth now.

    counted, voided: the signature is in the log, and `standing` says how; waiting: stored, and promised by `by`;
    missing: promised and not there; contradicted: a true seal over another history; false: not signed by this site, or
    changed; elsewhere: of another site; unreadable: no such file. The middle two are evidence against the site.
    """

    kind: Kind
    verdict: Verdict
    petition_id: int | None = None
    leaf_hash: bytes = b""
    by: dt.datetime | None = None
    standing: Standing | None = None
    reason: str = ""


def promise_key() -> VerifierKey:
    """Return the key by which anyone checks this site's promises."""
    return _signer().verifier


def make_promise(petition_id: int, leaf_hash: bytes, *, now: dt.datetime) -> bytes | None:
    """Return the signed promise that a stored leaf (its hash, 32 bytes) will be in the log, or None."""
    with connection.cursor() as cursor:
        if find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash) is None:
            return None
    origin = SigningGate.objects.values_list("origin", flat=True).get(petition_id=petition_id)
    signer = _signer()
    return sign_promise(Promise(signer.name, origin, leaf_hash, int(now.timestamp()) + PROMISED_WITHIN), signer)


def check_file(data: bytes, *, now: dt.datetime) -> Checked:
    """Say what a receipt or promise is worth, against this site's own log at this moment."""
    data = data.replace(b"\r\n", b"\n")
    if data.startswith(b"c2sp.org/tlog-proof@v1\n"):
        return _check_receipt(data if data.endswith(b"\n") else data + b"\n", now=now)
    if b"/promise/v1\n" in data[:300]:
        return _check_promise(data if data.endswith(b"\n") else data + b"\n", now=now)
    return Checked(kind="nothing", verdict="unreadable")


def _check_receipt(data: bytes, *, now: dt.datetime) -> Checked:
    petition_id, key = _find_log(_receipt_origin(data))
    if petition_id is None or key is None:
        return Checked(kind="receipt", verdict="elsewhere" if _receipt_origin(data) else "unreadable")
    try:
        receipt = verify_receipt(data, key)
    except LedgerError as error:
        verdict: Verdict = "unreadable" if error.reason is Reason.MALFORMED_RECEIPT else "false"
        return Checked(kind="receipt", verdict=verdict, petition_id=petition_id, reason=error.reason.value)
    point = receipt.checkpoint
    with connection.cursor() as cursor:
        holds = _is_ours(cursor, petition_id, receipt.leaf_hash, receipt.index, point.size, point.root)
    if not holds:
        return Checked(kind="receipt", verdict="contradicted", petition_id=petition_id, leaf_hash=receipt.leaf_hash)
    return _stands("receipt", petition_id, receipt.leaf_hash, now=now)


def _is_ours(cursor: Cursor, petition_id: int, leaf_hash: bytes, index: int, size: int, root: bytes) -> bool:
    """Whether our log of that size has that leaf there and that root."""
    published, _ = read_tree(cursor, petition_id)
    if size > published:
        return False
    leaf = find_leaf(cursor, petition_id=petition_id, leaf_hash=leaf_hash)
    if leaf is None or leaf.index != index or hash_leaf(leaf.entry) != leaf_hash:
        return False
    tiles = LogTiles(cursor, petition_id=petition_id, size=size)
    proof = prove_inclusion(index, size, read_hashes_from(tiles, size))
    try:
        verify_inclusion(leaf_hash=leaf_hash, index=index, size=size, proof=proof, root=root)
    except LedgerError:
        return False
    return True


def _check_promise(data: bytes, *, now: dt.datetime) -> Checked:
    try:
        promise = open_promise(data, promise_key())
    except LedgerError as error:
        verdicts: dict[Reason, Verdict] = {
            Reason.MALFORMED_PROMISE: "unreadable",
            Reason.MALFORMED_NOTE: "unreadable",
            Reason.OTHER_LOG: "elsewhere",
        }
        return Checked(kind="promise", verdict=verdicts.get(error.reason, "false"), reason=error.reason.value)
    by = dt.datetime.fromtimestamp(promise.by, dt.UTC)
    petition_id = SigningGate.objects.filter(origin=promise.origin).values_list("petition_id", flat=True).first()
    leaf = None
    if petition_id is not None:
        with connection.cursor() as cursor:
            leaf = find_leaf(cursor, petition_id=petition_id, leaf_hash=promise.leaf_hash)
    if leaf is not None and leaf.receipt is not None and petition_id is not None:
        return _stands("promise", petition_id, promise.leaf_hash, now=now, by=by)
    verdict: Verdict = "waiting" if leaf is not None and now <= by else "missing"
    return Checked(kind="promise", verdict=verdict, petition_id=petition_id, leaf_hash=promise.leaf_hash, by=by)


def _stands(
    kind: Kind, petition_id: int, leaf_hash: bytes, *, now: dt.datetime, by: dt.datetime | None = None
) -> Checked:
    standing = read_standing(petition_id, leaf_hash, now=now)
    return Checked(
        kind=kind,
        verdict="voided" if standing is not None and not standing.counts else "counted",
        petition_id=petition_id,
        leaf_hash=leaf_hash,
        by=by,
        standing=standing,
    )


def _receipt_origin(data: bytes) -> str:
    """Return the log that a receipt's checkpoint names, "" where it has none."""
    _, _, checkpoint = data.partition(b"\n\n")
    return checkpoint.split(b"\n", 1)[0].decode("utf-8", "replace")[:300]


def _find_log(origin: str) -> tuple[int | None, VerifierKey | None]:
    if "\0" in origin:
        return None, None
    petition_id = SigningGate.objects.filter(origin=origin).values_list("petition_id", flat=True).first()
    if petition_id is None:
        return None, None
    with connection.cursor() as cursor:
        key = read_log_key(cursor, petition_id=petition_id)
    return petition_id, VerifierKey.parse(key) if key else None


def _signer() -> SignerKey:
    return SignerKey(f"{settings.MANINSO.host}/promise", settings.MANINSO_PROMISE_KEY())

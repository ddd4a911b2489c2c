"""Holds a site's log and its petitions' logs against each other, and asks who has cosigned."""

import time
from collections.abc import Sequence

from maninso.ledger.checklog import Asked, Given, Judged, add_misfit, add_problem, find_contradiction
from maninso.ledger.checkpoint import Checkpoint
from maninso.ledger.errors import LedgerError, Reason
from maninso.ledger.fetch import FolderSource, LogSource
from maninso.ledger.note import COSIGNATURE, ED25519, MAX_NOTE_BYTES, SignedNote, VerifierKey
from maninso.ledger.policy import Policy
from maninso.ledger.proof import Receipt, open_cosignatures, verify_receipt
from maninso.ledger.reader import TileReader
from maninso.ledger.recompute import Recomputed
from maninso.ledger.recount import Problem
from maninso.ledger.report import LogReport, SiteProofCheck, WitnessCheck
from maninso.ledger.sitelog import NamedCheckpoint, SiteEntry

_QUORUM_ATTEMPTS = 5
_QUORUM_PAUSE_SECONDS = 2.0
"""A checkpoint is published before its witnesses have answered; they have a moment to."""


def fetch_cosigned(source: LogSource, policy: Policy | None) -> bytes:
    """The checkpoint's bytes; of a site that is asked for a quorum, after giving the witnesses a moment."""
    data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    if policy is None or isinstance(source, FolderSource):
        return data
    for _ in range(_QUORUM_ATTEMPTS - 1):
        try:
            if policy.is_met([each.key for each in open_cosignatures(data, policy.witness_keys)]):
                break
        except LedgerError:
            break  # what is wrong is said where it is opened
        time.sleep(_QUORUM_PAUSE_SECONDS)
        data = source.fetch("checkpoint", MAX_NOTE_BYTES)
    return data


def list_witnesses(report: Judged, data: bytes, policy: Policy | None) -> tuple[WitnessCheck, ...]:
    """Who has cosigned a site's checkpoint; without a quorum that the policy asks for the report has a problem."""
    try:
        verified = open_cosignatures(data, policy.witness_keys) if policy else ()
    except LedgerError as error:
        add_problem(report, error.reason, f"A witness's signature on {report.origin}: {error}")
        return ()
    if policy and not policy.is_met([each.key for each in verified]):
        names = ", ".join(each.key.name for each in verified) or "none of its witnesses"
        message = f"The policy's quorum {policy.quorum!r} is not met: {names} cosigned the checkpoint."
        add_problem(report, Reason.MISSING_QUORUM, message)
    known = {(each.key.name, each.key.key_id): each.time for each in verified}
    own = report.key.public_key if report.key else b""
    return tuple(
        WitnessCheck(line.name, known.get((line.name, line.key_id)))
        for line in SignedNote.parse(data).signatures
        if line.key_id not in {VerifierKey(line.name, kind, own).key_id for kind in (ED25519, COSIGNATURE) if own}
    )


def open_site_proofs(
    report: LogReport, key: VerifierKey, proofs: Sequence[Given], petition_id: int, asked: Asked
) -> list[tuple[Given, SiteEntry, NamedCheckpoint, tuple[WitnessCheck, ...]]]:
    """The proofs of entries of the site's log that name this petition, each with the checkpoint that it names."""
    opened: list[tuple[Given, SiteEntry, NamedCheckpoint, tuple[WitnessCheck, ...]]] = []
    for given in proofs:
        try:
            proof = verify_receipt(given.data, key)
            entry = SiteEntry.parse(proof.entry.render())
            named = entry.find(petition_id)
            if named is None:
                raise LedgerError(Reason.OTHER_LOG, f"its entry does not name petition {petition_id}.")
        except LedgerError as error:
            problem = Problem(error.reason, f"The proof {given.name}: {error}")
            report.site_proofs.append(SiteProofCheck(given.name, None, None, (), problem))
            add_misfit(report, problem.reason, problem.message)
            continue
        witnesses = list_witnesses(report, Receipt.parse(given.data).checkpoint_bytes, asked.policy)
        opened.append((given, entry, named, witnesses))
    return opened


def hold_points(
    report: LogReport, reader: TileReader, now: Checkpoint, made: Recomputed, points: Sequence[tuple[str, Checkpoint]]
) -> None:
    """Every checkpoint that the site's log names of this one must be of its history."""
    for place, point in points:
        problem = find_contradiction(reader, now, made, point)
        if problem:
            add_problem(report, problem.reason, f"Against {place}: {problem.message}")


def names_petition(given: Given, parts: tuple[str, int]) -> bool:
    """Whether a proof is of the site's log and of an entry that names the petition."""
    if given.origin != parts[0]:
        return False
    try:
        return SiteEntry.parse(Receipt.parse(given.data).entry or b"").find(parts[1]) is not None
    except LedgerError:
        return False

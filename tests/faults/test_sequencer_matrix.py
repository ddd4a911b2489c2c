"""The sequencer: every statement it sends, lost, or carried out but its answer lost; new leaves come in between.

Each time the worker does what it always does: connect, take the lock, tick. How many statements there are is found by
a run without a fault, so the matrix stays whole when the code changes.
"""

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from tests.faults.conftest import Judge
from tests.faults.oracle import Held, Witness
from tests.faults.proxy import Fault, Proxy
from tests.signing.conftest import NOW, Logs

from maninso.charter import load_preset
from maninso.ledger.entries import Reinstate, Void
from maninso.ledger.merkle import hash_leaf
from maninso.signing import sequencer as sequencer_module
from maninso.signing.gate import append_entries
from maninso.signing.keys import LogKey
from maninso.signing.sequencer import Sequencer
from maninso.signing.signed import SignedFiles

THRESHOLD = load_preset("university").thresholds[0]  # 50 signatures
MOST_TRIES = 10


@dataclass
class Scene:
    """A log with leaves to sequence, what outsiders hold of it, and the clocks of those who sequence it."""

    logs: Logs
    petition: int
    make_entry: Callable[..., bytes]
    held: Held = field(default_factory=Held)

    def sign(self, number: int) -> None:
        self.append([self.make_entry(region=n % 3, bucket=n % 13) for n in range(number)])

    def append(self, entries: list[bytes]) -> None:
        with self.logs.connection.transaction(), self.logs.connection.cursor() as cursor:
            append_entries(cursor, petition_id=self.petition, entries=entries)
        self.held.acknowledged |= {hash_leaf(entry) for entry in entries}

    def see_checkpoint(self) -> None:
        query = "SELECT checkpoint FROM signing_tree WHERE petition_id = %s AND size > 0"
        rows = self.logs.connection.execute(query, [self.petition]).fetchall()
        self.held.checkpoints |= {bytes(note) for (note,) in rows}


@pytest.fixture
def make_scene(logs: Logs, made_up_entry: Callable[..., bytes]) -> Callable[[], Scene]:
    def make() -> Scene:
        petition = logs.open(thresholds=[(THRESHOLD.id, THRESHOLD.model_dump_json())])
        scene = Scene(logs, petition, made_up_entry)
        scene.sign(THRESHOLD.needed - 1)
        scene.append([Void(1, 0, 5, bytes(32)).render(), Void(1, 0, 6, bytes(32)).render()])
        scene.append([Reinstate(1, 0, THRESHOLD.needed + 1, bytes(32)).render()])
        scene.sign(530)
        return scene

    return make


def work(proxy: Proxy, log_key: LogKey, signed: SignedFiles, scene: Scene, *, clock: Callable[[], dt.datetime]) -> None:
    """Sequence as the worker does until nothing is behind; after every failure a few more people sign."""

    def sign_as(origin: str) -> Witness:
        held = scene.held if origin.endswith(f"/{scene.petition}/log") else Held()
        return Witness(origin, log_key.seed, held)

    for _ in range(MOST_TRIES):
        try:
            with psycopg.connect(proxy.url) as connection:
                sequencer = Sequencer(connection, sign_as, signed=signed)
                if not sequencer.take_lock():
                    continue  # the server has not noticed yet that the last one is gone
                while True:
                    ticked = sequencer.tick(now=clock())
                    assert ticked.failed == ()
                    scene.see_checkpoint()
                    if not ticked.leaves:
                        return
        except psycopg.OperationalError:
            scene.see_checkpoint()
            scene.sign(3)
    raise AssertionError("the sequencer does not recover")


@pytest.fixture
def signed(tmp_path: Path) -> SignedFiles:
    """What the key signed last, kept outside the database as the worker keeps it."""
    return SignedFiles(tmp_path / "signed")


def standing() -> dt.datetime:
    return NOW


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.PERSISTED])
def test_whichever_statement_fails_the_log_goes_on_as_one(
    proxy: Proxy,
    log_key: LogKey,
    signed: SignedFiles,
    judge: Judge,
    make_scene: Callable[[], Scene],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    monkeypatch.setattr(sequencer_module, "MOST_A_TRANSACTION", 270)
    clean = make_scene()
    work(proxy, log_key, signed, clean, clock=standing)
    judge(clean.petition, clean.held)
    steps = list(proxy.statements)
    assert steps.count("COMMIT") >= 3, steps
    for number, step in enumerate(steps, 1):
        print(f"{fault.value} at statement {number} of {len(steps)}: {step}")
        scene = make_scene()
        proxy.fail(number, fault)
        work(proxy, log_key, signed, scene, clock=standing)
        assert len(proxy.statements) > number, "the fault did not come"
        judge(scene.petition, scene.held)


def test_a_clock_that_steps_back_changes_neither_order_nor_sums(
    proxy: Proxy,
    log_key: LogKey,
    signed: SignedFiles,
    judge: Judge,
    make_scene: Callable[[], Scene],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every tick believes that it is a day earlier than the last one did."""
    monkeypatch.setattr(sequencer_module, "MOST_A_TRANSACTION", 100)
    scene = make_scene()
    days = itertools.count()
    proxy.fail(20, Fault.PERSISTED)
    work(proxy, log_key, signed, scene, clock=lambda: NOW - dt.timedelta(days=next(days)))
    assert next(days) > 5
    judge(scene.petition, scene.held, now=NOW - dt.timedelta(days=365))

"""What the worker does turn by turn: the logs, and what falls due in the house.

It imports what Django must have been set up for.
"""

import datetime as dt
import os
import time
from threading import Event

from maninso.petitions.integrity import destroy_due_keys
from maninso.petitions.lifecycle import close_due_petitions, end_graces
from maninso.petitions.obligations import (
    follow_term_ends,
    forget_documents,
    lapse_unsubmitted,
    publish_due_replies,
    record_met_thresholds,
    recount_due_days,
    remind_clerks,
)
from maninso.petitions.raising import forget_creators, lapse_due_petitions
from maninso.run.stop import Stop
from maninso.signing.sequencer import Sequencer
from maninso.web.shared.sessions import forget_ended_sessions

TICK = 0.5  # seconds between ticks
HOUSEKEEPING = 5.0  # seconds between looks for petitions to close
FORGETTING = 3600.0  # seconds between looks for keys whose retention has ended
NAMING = 10.0  # seconds between entries of the site's log
RUSH = 50  # leaves a tick from which on what can wait does (some 200 signatures a second)


def work(sequencer: Sequencer, stop: Stop, *, parent: int, rush: Event) -> None:
    """Tick until told to stop; `rush` is set while many sign. Raises psycopg.OperationalError without a database."""
    due = named = forgotten = 0.0
    while not stop.is_set() and (not parent or os.getppid() == parent):
        started = time.monotonic()
        now = dt.datetime.now(dt.UTC)
        if started >= named:
            sequencer.name_checkpoints(now=now)
            named = started + NAMING
        ticked = sequencer.tick(now=now)
        tell(rush, ticked.leaves)
        if started >= due:
            close_due_petitions(now=now)
            end_graces(now=now)
            lapse_due_petitions(now=now)
            due = started + HOUSEKEEPING
            record_met_thresholds(now=now)
            publish_due_replies(now=now)
            follow_term_ends(now=now)
        elif ticked.met:
            record_met_thresholds(now=now)
        if started >= forgotten:
            destroy_due_keys(now=now)
            forget_creators(now=now)
            forget_ended_sessions(now=now)
            recount_due_days(now=now)
            lapse_unsubmitted(now=now)
            forget_documents(now=now)
            remind_clerks(now=now)
            forgotten = started + FORGETTING
        if not ticked.leaves:
            stop.wait(max(0.0, TICK - (time.monotonic() - started)))
        else:
            # Under load a tick follows the last one after half the time, so that the count stays fresh.
            stop.wait(max(0.05, TICK / 2 - (time.monotonic() - started)))


def tell(rush: Event, leaves: int) -> None:
    """Say by a tick's leaves whether many sign."""
    if leaves >= RUSH:
        rush.set()
    else:
        rush.clear()

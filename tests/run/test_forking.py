"""Processes that begin as copies: what they inherit, what they do not, and how they end.

Each is tried in a process of its own: pytest's has threads.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

BEGIN = """
import atexit, fcntl, json, os, signal, socket, sys, threading, time
from maninso import UnreadableError
from maninso.run.forking import Fork, can_fork, name_process
from maninso.run.keeper import ProcessKeeper
"""


def run(program: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BEGIN + program]
    return subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, timeout=60)


def run_well(program: str, **settings: str) -> list[str]:
    done = run(program, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_a_copy_has_no_file_and_no_socket_of_ours(tmp_path: Path) -> None:
    """A lock that it held would outlive us, and a port would stay taken."""
    (said,) = run_well(
        """
listening = socket.create_server(("127.0.0.1", 0))
lock = os.open(os.environ["LOCK"], os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock, True)
copy = Fork(lambda: time.sleep(60))
time.sleep(0.5)
address = listening.getsockname()
listening.close()
os.close(lock)
fcntl.flock(os.open(os.environ["LOCK"], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
socket.create_server(address, reuse_port=False).close()
copy.send_signal(signal.SIGTERM)
print(copy.wait())
""",
        LOCK=str(tmp_path / "lock"),
    )
    assert said == "-15"  # it lived all the time


def test_signals_do_in_it_what_they_do_at_first() -> None:
    said = run_well(
        """
signal.signal(signal.SIGTERM, lambda *_: print("ours"))
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
def job():
    print(*(signal.getsignal(number).name for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)))
    print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
Fork(job).wait()
print(signal.getsignal(signal.SIGTERM).__name__, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""
    )
    assert said == ["SIG_DFL SIG_DFL SIG_IGN", "set()", "<lambda> set()"]


def test_what_waits_for_our_end_is_ours_alone() -> None:
    said = run_well(
        """
atexit.register(print, "atexit")
sys.stdout.write("once\\n")  # not flushed
try:
    Fork(lambda: print(os.environ["MANINSO_PARENT"] == str(os.getppid()))).wait()
    print(os.environ.get("MANINSO_PARENT"))
finally:
    print("finally")
""",
        MANINSO_PARENT="",
        PYTHONUNBUFFERED="",
    )
    assert said == ["once", "True", "", "finally", "atexit"]


def test_random_numbers_are_its_own() -> None:
    first, second = run_well(
        """
import random
job = lambda: print(random.random(), random.Random().random(), os.urandom(8))
Fork(job).wait()
Fork(job).wait()
"""
    )
    assert set(first.split()).isdisjoint(second.split())


def test_it_ends_as_a_command_does() -> None:
    done = run(
        """
def fail(): raise UnreadableError("the database does not answer", cure="wait")
def crash(): raise ZeroDivisionError("this")
def leave(): sys.exit(4)
def kill(): os.kill(os.getpid(), signal.SIGKILL)
print(*(Fork(job).wait() for job in (lambda: None, fail, crash, leave, kill)))
"""
    )
    assert (done.returncode, done.stdout) == (0, "0 3 1 1 -9\n")
    assert done.stderr.startswith("maninso: the database does not answer\n  what to do: wait\n")
    assert done.stderr.endswith("ZeroDivisionError: this\n")


def test_a_process_of_two_threads_is_not_copied() -> None:
    """The command is started instead: what another thread held would be held in the copy for ever."""
    said = run_well(
        """
command = [sys.executable, "-c", "print('command', flush=True); import time; time.sleep(60)"]
def job():
    print("copy", flush=True)
    time.sleep(60)
def begin():
    with ProcessKeeper(command, job=job):
        time.sleep(1.0)
print(can_fork(), flush=True)
begin()
threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
print(can_fork(), flush=True)
begin()
"""
    )
    assert said == ["True", "copy", "False", "command"]


def test_one_that_dies_is_started_anew_as_a_command() -> None:
    done = run(
        """
command = [sys.executable, "-c", "import os, time; print(os.environ['MANINSO_PARENT'], flush=True); time.sleep(60)"]
with ProcessKeeper(command, job=lambda: os.kill(os.getpid(), signal.SIGKILL)):
    time.sleep(3.0)
print(os.getpid())
"""
    )
    assert done.returncode == 0
    assert done.stderr == "a process of ours ended with status -9 and is started again\n"
    told, number = done.stdout.splitlines()
    assert told == number


def test_one_that_ended_well_is_not_started_again_at_once() -> None:
    """A terminal tells all of its processes to end, and some are done before the first has told its own."""
    said = run_well(
        """
command = [sys.executable, "-c", "print('again', flush=True)"]
with ProcessKeeper(command, job=lambda: print("once", flush=True)):
    time.sleep(2.5)
"""
    )
    assert said == ["once"]


def test_its_end_is_waited_for_once() -> None:
    """Where its end is known, a signal goes to nobody: another process may have its number."""
    (said,) = run_well(
        """
copy = Fork(lambda: None)
number = copy._number
print(json.dumps([copy.wait(), copy.send_signal(signal.SIGKILL), os.path.exists(f"/proc/{number}")]))
"""
    )
    assert json.loads(said) == [0, None, False]


def test_it_can_be_told_apart_by_name() -> None:
    assert run_well("name_process('maninso message'); print(open('/proc/self/comm').read(), end='')") == [
        "maninso message"
    ]


def test_a_web_process_does_not_hear_signals_as_the_first_does(tmp_path: Path) -> None:
    """One that is told to end as soon as it is there ends; the site's stop once waited twenty seconds for it."""
    (said,) = run_well(
        """
from dataclasses import replace
from maninso.run import server
from maninso.run.settings import read_settings

class Granian:
    def __init__(self, *_, **__): pass
    def serve(self):
        signal.signal(signal.SIGTERM, lambda *_: None)
        web = os.fork()
        if web == 0:
            time.sleep(60)
        os.kill(web, signal.SIGTERM)
        print(os.waitstatus_to_exitcode(os.waitpid(web, 0)[1]))

server.Granian = Granian
settings = replace(read_settings(), database_url="postgresql:///nowhere")
server.serve(settings, host="127.0.0.1", port=1, workers=1, with_worker=False)
""",
        MANINSO_HOME=str(tmp_path),
        MANINSO_SEMANTIC="0",
    )
    assert said == "-15"

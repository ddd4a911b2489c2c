"""What Linux says of running processes (proc(5))."""

import os
import time
from collections.abc import Callable
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that live, or are not waited for."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(folder.name))
    return found


def name_of(pid: int) -> str:
    """Return the name that `ps` and `top` show."""
    return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")


def words_of(pid: int) -> list[str]:
    """Return the words of its command line."""
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]


def files_of(pid: int) -> set[str]:
    """Return what a process has open besides its standard streams: paths, and sockets and pipes by their numbers."""
    folder = Path(f"/proc/{pid}/fd")
    names = {os.readlink(folder / name) for name in os.listdir(folder) if int(name) > 2}
    return {name for name in names if not name.startswith("anon_inode:")}  # those have no number


def lives(pid: int) -> bool:
    """Whether a process runs; one that is only not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(is_so: Callable[[], bool], *, patience: float = 60.0) -> None:
    """Wait until something is so; fails where it is not in `patience` seconds."""
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it has not come in time"
        time.sleep(0.05)

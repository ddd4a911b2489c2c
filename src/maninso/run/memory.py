"""How much memory there is for the site: the machine's, or less where a control group says so.

Sources: cgroups(7); Linux kernel documentation, "Control Group v2" (memory.max) and "Memory Resource Controller"
(memory.limit_in_bytes).
"""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def read_memory(root: Path = _ROOT) -> int:
    """Return the bytes of memory that this process may use; `root` is where /proc and /sys are looked for."""
    return min([os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), *_read_limits(root)])


def _read_limits(root: Path) -> Iterator[int]:
    """Give the limits of the process's control groups and of all groups around them; files that are not there set none.

    In a container /proc may name groups as they are outside of it: the uppermost one that is seen is then its own.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            mount, name = root / "sys/fs/cgroup", "memory.max"
        elif "memory" in controllers.split(","):
            mount, name = root / "sys/fs/cgroup/memory", "memory.limit_in_bytes"
        else:
            continue
        group = PurePosixPath(path.lstrip("/"))
        for each in (group, *group.parents):
            try:
                limit = (mount / each / name).read_text().strip()
            except OSError:
                continue
            if limit.isdigit():  # not "max"
                yield int(limit)

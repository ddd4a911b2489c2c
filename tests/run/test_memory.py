"""How much memory a site may use: the machine's, or what the control groups of its process leave of it."""

import os
from pathlib import Path

import pytest

from maninso.run.memory import read_memory

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def make(root: Path, groups: str, limits: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": groups, **limits}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


@pytest.mark.parametrize(
    ("groups", "limits", "memory"),
    [
        ("0::/", {}, MACHINE),
        ("0::/", {"sys/fs/cgroup/memory.max": "max"}, MACHINE),
        ("0::/", {"sys/fs/cgroup/memory.max": "536870912"}, 2**29),
        ("0::/system.slice/site.service", {"sys/fs/cgroup/system.slice/site.service/memory.max": "1048576"}, 2**20),
        # The least of all groups around a process holds.
        (
            "0::/system.slice/site.service",
            {
                "sys/fs/cgroup/system.slice/memory.max": "1048576",
                "sys/fs/cgroup/system.slice/site.service/memory.max": "2097152",
            },
            2**20,
        ),
        # In a container the names may be those outside of it; what is seen is its own.
        ("0::/docker/0a1b", {"sys/fs/cgroup/memory.max": "536870912"}, 2**29),
        # Version 1, beside a version 2 that knows no memory.
        ("4:cpu,memory:/a\n0::/", {"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "536870912"}, 2**29),
        ("4:memory:/", {"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"}, MACHINE),
        ("3:cpuset:/", {"sys/fs/cgroup/memory/memory.limit_in_bytes": "1048576"}, MACHINE),
    ],
)
def test_control_groups_limit_the_memory(tmp_path: Path, groups: str, limits: dict[str, str], memory: int) -> None:
    assert read_memory(make(tmp_path, groups, limits)) == memory


def test_without_control_groups_it_is_the_machine_s(tmp_path: Path) -> None:
    assert read_memory(tmp_path) == MACHINE


def test_this_process_has_some() -> None:
    assert 0 < read_memory() <= MACHINE

"""The disk is full: signers are told so, nothing acknowledged is lost, and once there is room it goes on by itself."""

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.crowd import Crowd, signing_at
from tests.live import embedded_site

DISK = 256  # megabytes


@dataclass
class Disk:
    """Where the site lives, and how its disk becomes full and empty again."""

    home: Path
    fill: Callable[[], None]
    free: Callable[[], None]


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """A file system in memory; None where this account or this machine may not mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}m,mode=755", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        print(f"NO FILE SYSTEM CAN BE MOUNTED: {mounted.stderr.strip()}")
        yield None
        return
    ballast = folder / "ballast"

    def fill() -> None:
        with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    try:
        yield Disk(folder, fill, ballast.unlink)
    finally:
        subprocess.run(["umount", folder], check=True)


def limited_files(home: Path) -> Disk:
    """No small disk: the server's processes may write no file beyond 1 MiB, so its log of changes ends there."""
    print("INSTEAD, THE SERVER'S FILES ARE LIMITED IN SIZE (RLIMIT_FSIZE)")

    def limit(size: str) -> None:
        process_file = home / "postgres" / "data" / "postmaster.pid"
        postmaster, owner = int(process_file.read_text().split()[0]), process_file.stat()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (str(postmaster), *children):
            done = subprocess.run(
                ["prlimit", f"--pid={process}", f"--fsize={size}:"],
                user=owner.st_uid if os.geteuid() == 0 else None,
                group=owner.st_gid if os.geteuid() == 0 else None,
                cwd="/",
            )
            assert done.returncode == 0 or not Path(f"/proc/{process}").exists()

    return Disk(home, lambda: limit(str(1 << 20)), lambda: limit("unlimited"))


def sign_through(disk: Disk, *, until: Callable[[Crowd], bool]) -> None:
    """Let people come while the disk fills up, until something has happened; free it, and all who came sign."""
    with embedded_site(disk.home) as site, signing_at(site, 0) as crowd:
        disk.fill()
        crowd.wait_until(lambda: until(crowd))
        crowd.end()
        disk.free()


def test_a_full_disk_stops_signing_until_there_is_room(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder) as disk:
        sign_through(disk or limited_files(folder), until=lambda crowd: crowd.statuses[503] > 0)


def test_a_server_that_cannot_write_its_log_of_changes_recovers_when_it_can(tmp_path: Path) -> None:
    log = tmp_path / "postgres.log"
    sign_through(limited_files(tmp_path), until=lambda _: "PANIC:" in log.read_text())

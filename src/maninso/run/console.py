"""What commands print: tables and progress bars on a terminal, plain lines elsewhere, JSON where it is asked for.

What draws on a terminal is imported there: a site's start needs none of it.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from maninso import ManinsoError

_QUIET_SECONDS = 5.0  # between plain progress lines

Advance = Callable[[int, int], None]
"""Called with how much is done and how much there is."""


def say(text: str = "") -> None:
    """Print one line (or several) on standard output, exactly as it is."""
    sys.stdout.write(f"{text}\n")


def say_json(value: Mapping[str, object]) -> None:
    """Print one JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def say_error(error: ManinsoError) -> None:
    """Print what is wrong and what to do about it on standard error."""
    sys.stderr.write(f"maninso: {error}\n")
    if error.cure:
        sys.stderr.write(f"  what to do: {error.cure}\n")


def say_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Print rows as a table on a terminal, elsewhere as lines whose fields are parted by tabs.

    `right` are the numbers of the columns that are aligned to the right; empty headings are left out.
    """
    if not sys.stdout.isatty():
        for row in (headings, *rows) if any(headings) else rows:
            say("\t".join(" ".join(field.split()) for field in row).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", show_header=any(headings))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number in right else "left")
    for row in rows:
        table.add_row(*(Text(field) for field in row))
    Console().print(table)


@contextmanager
def show_progress(what: str, *, quiet: bool = False) -> Iterator[Advance]:
    """Show how far long work has come, on standard error: a bar on a terminal, a line now and then elsewhere."""
    if quiet:
        yield _ignore
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(what, total=None)

            def advance(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield advance
    else:
        yield _plain_progress(what)


def _ignore(done: int, total: int) -> None:
    """Show nothing."""


def _plain_progress(what: str) -> Advance:
    last = time.monotonic()

    def advance(done: int, total: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= _QUIET_SECONDS:
            last = moment
            sys.stderr.write(f"{what}: {done:,} of {total:,}\n")
            sys.stderr.flush()

    return advance

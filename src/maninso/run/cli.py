"""The command line: `maninso`, also `python -m maninso` (docs/reference/commands.md).

Exit status: 0 done; 1 what was checked is wrong, or it failed; 2 bad usage; 3 it could not be read, so nothing is
known.
"""

import signal
import sys

import typer

import maninso
from maninso import ManinsoError
from maninso.run.commands import (
    charter,
    checks,
    export,
    imports,
    index,
    office,
    rebuild,
    site,
    voids,
    webhooks,
    witness,
)
from maninso.run.console import say, say_error

app = typer.Typer(
    name="maninso",
    help="A public petition platform whose count anyone can check.",
    epilog="Exit status: 0 done; 1 what was checked is wrong, or it failed; 2 bad usage; 3 it could not be read.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for command in (
    site.serve,
    site.worker,
    site.migrate,
    site.demo,
    site.rehearse,
    checks.verify,
    checks.doctor,
    export.export,
    index.index,
    rebuild.rebuild,
    witness.witness,
):
    app.command()(command)
app.add_typer(imports.app, name="import")
app.add_typer(charter.app, name="charter")
app.add_typer(voids.app, name="void")
app.add_typer(office.app, name="office")
app.add_typer(webhooks.app, name="webhook")


def _say_version(wanted: bool) -> None:
    if wanted:
        say(f"maninso {maninso.__version__}")
        raise typer.Exit


@app.callback()
def choose(
    version: bool = typer.Option(
        False, "--version", callback=_say_version, is_eager=True, help="Print the version and end."
    ),
) -> None:
    """A public petition platform whose count anyone can check."""


def main() -> None:
    """Run the command line of this process and end it with the command's exit status."""
    # What is open is closed in order: the embedded server stops with its last user, and not when that is killed.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        app(prog_name="maninso")
    except ManinsoError as error:
        say_error(error)
        sys.exit(error.exit_status)

"""`maninso void`: signatures taken out of a count by decision of two people, for operators.

Whoever may run it on the site's machine acts as an operator; the name given with --as is kept in the record.
"""

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from maninso import UsageError
from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, say_table, show_progress
from maninso.run.database import open_site
from maninso.run.settings import read_settings

if TYPE_CHECKING:  # it needs Django set up
    from maninso.petitions.integrity import BatchView
    from maninso.petitions.lifecycle import Actor

app = typer.Typer(help="Take signatures out of a count, by decision of two people.", no_args_is_help=True)

Name = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Who you are; kept in the record.")]
Batch = Annotated[int, typer.Argument(metavar="BATCH", min=1, help="The batch's number.")]


@app.callback()
def choose() -> None:
    """Take signatures out of a count, by decision of two people."""


@app.command()
def propose(
    petition: Annotated[int, typer.Argument(metavar="PETITION", min=1, help="The petition's number.")],
    reason: Annotated[int, typer.Option("--reason", metavar="CODE", help="Why: 2 to 6, see the ledger's reference.")],
    text: Annotated[str, typer.Option("--text", help="What the public is told of it.")],
    name: Name,
    leaf: Annotated[list[int] | None, typer.Option("--leaf", min=1, metavar="N", help="A signature's number.")] = None,
    since: Annotated[int | None, typer.Option("--since", min=0, metavar="B", help="From this time bucket on.")] = None,
    until: Annotated[int | None, typer.Option("--until", min=0, metavar="B", help="Up to this time bucket.")] = None,
    region: Annotated[list[str] | None, typer.Option("--region", metavar="CODE", help="In this region.")] = None,
    assurance: Annotated[
        list[int] | None, typer.Option("--assurance", min=0, max=3, metavar="N", help="Verified at this level.")
    ] = None,
    undo: Annotated[int | None, typer.Option("--undo", min=1, metavar="BATCH", help="Undo this batch instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Propose to void signatures, and count them; nothing is changed. Conditions are joined with "and"."""
    with open_site(read_settings()):
        from maninso.petitions import integrity

        selection = None
        if undo is None or leaf or region or assurance or since is not None or until is not None:
            selection = integrity.Selection(
                leaves=tuple(leaf) if leaf else None,
                first_bucket=since,
                last_bucket=until,
                regions=integrity.number_regions(petition, region) if region else None,
                assurances=tuple(assurance) if assurance else None,
            )
        batch = integrity.propose_batch(
            petition_id=petition,
            reason=reason,
            text=text,
            selection=selection,
            undoes=undo,
            actor=_operator(name),
            now=_now(),
        )
    _tell(batch, as_json=as_json)


@app.command()
def approve(batch: Batch, name: Name, as_json: AsJson = False) -> None:
    """Approve what somebody else proposed. Nothing is changed until it is run."""
    with open_site(read_settings()):
        from maninso.petitions import integrity

        view = integrity.approve_batch(batch, actor=_operator(name), now=_now())
    _tell(view, as_json=as_json)


@app.command()
def run(batch: Batch, as_json: AsJson = False) -> None:
    """Carry out an approved batch, or go on with one that was interrupted."""
    with open_site(read_settings()):
        from maninso.petitions import integrity

        with show_progress("signatures", quiet=as_json) as progress:
            view = integrity.run_batch(batch, now=_now(), progress=progress)
    _tell(view, as_json=as_json)


@app.command()
def cancel(batch: Batch, name: Name, as_json: AsJson = False) -> None:
    """End a batch where it stands, also while it runs. What it voided stays so until another batch undoes it."""
    with open_site(read_settings()):
        from maninso.petitions import integrity

        view = integrity.cancel_batch(batch, actor=_operator(name), now=_now())
    _tell(view, as_json=as_json)


@app.command(name="list")
def list_all(
    petition: Annotated[int | None, typer.Option("--petition", min=1, metavar="N", help="Of this petition.")] = None,
    as_json: AsJson = False,
) -> None:
    """List batches, oldest first."""
    with open_site(read_settings()):
        from maninso.petitions import integrity

        batches = integrity.list_batches(petition_id=petition)
    if as_json:
        say_json({"batches": [_as_json(batch) for batch in batches]})
        return
    rows: list[Sequence[str]] = [
        [
            str(batch.batch_id),
            str(batch.petition_id),
            batch.state,
            f"{batch.done:,} of {batch.found if batch.leaves is None else batch.leaves:,}",
            str(batch.reason),
            batch.proposed_by,
            batch.approved_by,
            batch.text,
        ]
        for batch in batches
    ]
    say_table(["batch", "petition", "state", "done", "reason", "proposed by", "approved by", "text"], rows)


def _operator(name: str) -> "Actor":
    from maninso.petitions.lifecycle import Actor

    if "@" not in name.strip("@ "):
        raise UsageError(f"--as {name!r} is no e-mail address", cure="give the address that you are known by")
    return Actor(role="operator", name=name)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _tell(batch: "BatchView", *, as_json: bool) -> None:
    if as_json:
        say_json(_as_json(batch))
        return
    what = "void" if batch.undoes is None else f"reinstate what batch {batch.undoes} voided:"
    number = batch.found if batch.leaves is None else batch.leaves
    say(f"batch {batch.batch_id} of petition {batch.petition_id} is {batch.state}: {what} {number:,} signatures")
    if batch.done:
        say(f"  {batch.done:,} done")
    cures = {
        "proposed": f"let another person run `maninso void approve {batch.batch_id} --as EMAIL`",
        "approved": f"`maninso void run {batch.batch_id}` carries it out",
        "running": f"`maninso void run {batch.batch_id}` goes on with it",
    }
    if batch.state in cures:
        say(f"  next: {cures[batch.state]}")


def _as_json(batch: "BatchView") -> dict[str, object]:
    return {
        "batch": batch.batch_id,
        "petition": batch.petition_id,
        "undoes": batch.undoes,
        "state": batch.state,
        "reason": batch.reason,
        "text": batch.text,
        "conditions": dict(batch.conditions),
        "found": batch.found,
        "leaves": batch.leaves,
        "done": batch.done,
        "proposed_by": batch.proposed_by,
        "approved_by": batch.approved_by,
    }

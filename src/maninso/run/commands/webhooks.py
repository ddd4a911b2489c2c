"""`maninso webhook`: addresses that institutions want to be told at."""

import datetime as dt
from typing import Annotated

import typer

from maninso.run.commands.options import AsJson
from maninso.run.console import say, say_json, say_table
from maninso.run.database import open_site
from maninso.run.settings import read_or_make_secret, read_settings

app = typer.Typer(help="Addresses that institutions want to be told at.", no_args_is_help=True)


@app.callback()
def choose() -> None:
    """Addresses that institutions want to be told at."""


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where it is told, https://...")],
    institution: Annotated[
        str, typer.Option("--institution", metavar="CHARTER", help="Of whose petitions; all if left out.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Have an address told what happens from now on, and print its secret."""
    with open_site(read_settings()) as settings:
        from maninso.petitions.opendata import webhooks

        number = webhooks.add_webhook(url=url, institution=institution, now=dt.datetime.now(dt.UTC))
        key = read_or_make_secret(settings.keys_dir / "webhook.key")
        secret = webhooks.render_secret(webhooks.derive_secret(key, number))
    if as_json:
        say_json({"webhook": number, "url": url, "institution": institution, "secret": secret})
        return
    say(f"{url} is told from now on, as webhook {number}")
    say(f"  its secret, for the receiver alone: {secret}")


@app.command()
def remove(number: Annotated[int, typer.Argument(metavar="NUMBER", help="The webhook's number.", min=1)]) -> None:
    """Tell an address no more."""
    with open_site(read_settings()):
        from maninso.petitions.opendata import webhooks

        webhooks.end_webhook(number, why="removed by an operator", now=dt.datetime.now(dt.UTC))
        say(f"webhook {number} is told no more")


@app.command(name="list")
def list_all(as_json: AsJson = False) -> None:
    """List the addresses that are or were told."""
    with open_site(read_settings()):
        from maninso.petitions.opendata import webhooks

        found = webhooks.list_webhooks()
    if as_json:
        rows = [
            {
                "webhook": each.webhook_id,
                "url": each.url,
                "institution": each.institution,
                "ended_why": each.ended_why or None,
                "waiting": each.waiting,
            }
            for each in found
        ]
        say_json({"webhooks": rows})
        return
    say_table(
        ["number", "address", "institution", "waiting", "ended"],
        [[str(each.webhook_id), each.url, each.institution, str(each.waiting), each.ended_why] for each in found],
        right=(3,),
    )

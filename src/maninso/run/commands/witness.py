"""`maninso witness`: cosigns the logs of other sites (docs/howto/run-a-witness.md)."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from maninso import UsageError
from maninso.ledger.errors import LedgerError
from maninso.ledger.note import ED25519, VerifierKey
from maninso.ledger.policy import read_policy
from maninso.run.commands.site import Host, require_free_port
from maninso.run.console import say


def witness(
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Its name for ever, such as example.org/witness.")
    ],
    state: Annotated[Path, typer.Option("--state", metavar="DIR", help="The folder of its key and of what it knows.")],
    log: Annotated[
        list[str] | None, typer.Option("--log", metavar="VKEY", help="The key of a log that it serves.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="A tlog-policy whose `log` lines name the logs.")
    ] = None,
    host: Host = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 8080,
) -> None:
    """Witness the logs of other sites: cosign what extends what was seen, and nothing else."""
    from maninso.run.witness import Witness, read_clock, serve_witness

    keys = [_parse_log(text) for text in log or []]
    if config is not None:
        keys += [known.key for known in read_policy(config).logs]
    if not keys:
        raise UsageError("there is no log to witness", cure="name one or more by --log, or in a file by --config")
    logs: dict[str, list[VerifierKey]] = {}
    for key in keys:
        logs.setdefault(key.name, []).append(key)
    require_free_port(host, port)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    serving = Witness(state, name=name, logs=logs, clock=read_clock)
    say(f"witness {name}")
    say(f"key     {serving.key.render()}")
    say(f"address http://{host}:{port}")
    for origin in logs:
        say(f"log     {origin}")
    serve_witness(serving, host=host, port=port)


def _parse_log(text: str) -> VerifierKey:
    try:
        key = VerifierKey.parse(text.strip())
    except LedgerError as error:
        raise UsageError(f"--log: {error}", cure=error.cure) from error
    if key.type != ED25519:
        raise UsageError(f"--log: the key {key.name} is not a log's", cure="a log's key is of type 01")
    return key

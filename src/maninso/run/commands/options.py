"""Options that several commands have in common."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, and nothing else.")]
Language = Annotated[str, typer.Option("--language", metavar="ko|en", help="The language of what is printed.")]
CharterOption = Annotated[
    str | None,
    typer.Option("--charter", metavar="ID", help="A preset's id or a charter file; without it, the site's own."),
]

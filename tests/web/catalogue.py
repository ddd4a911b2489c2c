"""The Korean catalogue's upkeep: what has to be translated, and how the .mo is made of the .po.

After changing words in a template or in code, `python tests/web/catalogue.py` adds what is new to the .po
(untranslated), drops what is gone, and compiles the .mo. Fill in what it lists, and run it again.
"""

import datetime as dt
import io
import os
import sys
from importlib.resources import files
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template import Template, engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

WEB = Path(str(files("maninso.web")))
PO = WEB / "locale" / "ko" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
}

FIXED = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)  # of the header: no change of the file without a change of words

Id = str | tuple[str, str]


def extract_messages() -> dict[tuple[Id, str | None], list[str]]:
    """Return every message of templates and code, with its context, and the files that it is in."""
    found: dict[tuple[Id, str | None], list[str]] = {}
    for name, _line, message, _comments, context in extract_from_dir(WEB, [("**.py", "python")], keywords=KEYWORDS):
        found.setdefault((message, context), []).append(name)
    for path in sorted((WEB / "templates").rglob("*.html")):
        template = engines["django"].from_string(path.read_text())
        for message in template_messages(template.template):  # type: ignore[attr-defined]
            found.setdefault((message, None), []).append(str(path.relative_to(WEB)))
    return found


def template_messages(template: Template) -> list[Id]:
    """Return what a template translates, in the form in which it looks it up at run time."""
    messages: list[Id] = []
    for node in template.nodelist.get_nodes_by_type(TranslateNode):
        messages.append(node.filter_expression.var.literal.replace("%", "%%"))
    for node in template.nodelist.get_nodes_by_type(BlockTranslateNode):
        singular = node.render_token_list(node.singular)[0]
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        if node.trimmed:
            singular, plural = (" ".join(part.split()) for part in (singular, plural))
        messages.append((singular, plural) if node.plural else singular)
    return messages


def read_catalogue() -> Catalog:
    """Return the Korean catalogue as it is in the .po."""
    with PO.open("rb") as file:
        return read_po(file, locale="ko")


def compile_catalogue(catalogue: Catalog) -> bytes:
    """Return the bytes of the .mo."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    return compiled.getvalue()


def update_catalogue() -> list[str]:
    """Rewrite .po and .mo from templates and code; return what lacks a translation."""
    old = read_catalogue() if PO.exists() else Catalog()
    new = Catalog(
        locale="ko",
        header_comment="# Maninso in Korean.",
        project="Maninso",
        version="0",
        creation_date=FIXED,
        revision_date=FIXED,
        last_translator="Maninso",
        language_team="Korean",
        msgid_bugs_address="Maninso",
        fuzzy=False,
    )
    for (message, context), names in sorted(
        extract_messages().items(), key=lambda item: (sorted(item[1]), str(item[0]))
    ):
        known: Message | None = old.get(message if isinstance(message, str) else message[0], context)
        new.add(message, known.string if known else None, [(name, 0) for name in sorted(set(names))], context=context)
    written = io.BytesIO()
    write_po(written, new, width=120, include_lineno=False)
    PO.write_bytes(written.getvalue())
    MO.write_bytes(compile_catalogue(new))
    return [str(message.id) for message in new if message.id and not is_translated(message)]


def is_translated(message: Message) -> bool:
    """Whether a message has a Korean text that is not a guess."""
    strings = [message.string] if isinstance(message.string, str) else list(message.string or [""])
    return all(strings) and not message.fuzzy


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maninso.run.django_settings")
    django.setup()
    missing = update_catalogue()
    print("\n".join(missing) or "complete")
    sys.exit(1 if missing else 0)

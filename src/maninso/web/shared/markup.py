"""Petitions' texts as HTML: a small part of Markdown (CommonMark), and nothing that could be a script.

Paragraphs, line breaks, emphasis, lists, quotations and links; what else is written stays as it is written. The HTML is
cleaned once more by nh3, so that no fault of the first step reaches a reader.
"""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = frozenset({"p", "br", "em", "strong", "ul", "ol", "li", "blockquote", "a"})
PAGE_TAGS = frozenset({"h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"})
RULES = ("emphasis", "list", "blockquote", "link", "autolink", "newline", "escape", "entity")

_reader = MarkdownIt("zero", {"breaks": True, "html": False}).enable(list(RULES))
_page_reader = MarkdownIt("zero", {"breaks": False, "html": False}).enable([*RULES, "heading", "table"])


def render_markup(text: str) -> SafeString:
    """Return a text as HTML that may stand on any page."""
    return _clean(_reader.render(text), TAGS)


def render_page_markup(text: str) -> SafeString:
    """Return a page of the site as HTML: with headings (from the second level on) and tables besides."""
    return _clean(_page_reader.render(text), TAGS | PAGE_TAGS)


def _clean(made: str, tags: frozenset[str]) -> SafeString:
    html = nh3.clean(
        made,
        tags=set(tags),
        attributes={"a": {"href"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )
    return mark_safe(html)  # noqa: S308 - cleaned just now

"""The front page, the board of what is owed, and the pages that explain."""

from django.db import OperationalError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from maninso import charter as rules
from maninso.petitions import discovery, obligations
from maninso.petitions.access.site import show_site_log
from maninso.web.shared.addresses import data_path
from maninso.web.shared.answers import page, render_page
from maninso.web.shared.charters import site_charter
from maninso.web.shared.display import show_card, show_debt
from maninso.web.shared.requests import read_words

FEW = 3
NEWEST_ENTRIES = 20  # of the site's ledger
BOARD_FILTERS = (
    ("all", _("All")),
    ("overdue", _("Overdue")),
    ("owed", _("Owed")),
    ("kept", _("Kept")),
    ("declined", _("Declined")),
    ("lapsed", _("Lapsed")),
)


@page
def show_front(request: HttpRequest) -> HttpResponseBase:
    """GET /: search, what is owed and late, what is nearest to its threshold, what is new."""
    now = timezone.now()
    front = discovery.front_page(now=now)
    context = {
        "front": front,
        "owed": [show_debt(row) for row in front.owed[:FEW]],
        "nearest": [show_card(card, now=now) for card in front.nearest[:FEW]],
        "newest": [show_card(card, now=now) for card in front.newest[:FEW]],
        "answered": [show_debt(row) for row in front.answered[:FEW]],
    }
    return render_page(request, "home.html", context)


@page
def show_board(request: HttpRequest) -> HttpResponseBase:
    """GET /obligations?status=&institution=: what is owed and what came, and how well each keeps its word."""
    now = timezone.now()
    asked = read_words(request, "status")
    status = asked if asked in dict(BOARD_FILTERS) else "all"
    board = obligations.board(now=now, status=status, institution=read_words(request, "institution"))
    asked_for = {"institution": board.institution} if board.institution else {}
    asked_for |= {"status": status} if status != "all" else {}
    tail = f"?{urlencode(asked_for)}" if asked_for else ""
    spoken = urlencode({**asked_for, "lang": translation.get_language() or "ko"})
    context = {
        "board": board,
        "status": status,
        "filters": BOARD_FILTERS,
        "json": data_path("api_obligations") + tail,
        "csv": data_path("obligations_csv") + tail,
        "atom": f"{data_path('obligations_atom_feed')}?{spoken}",
        "rows": [show_debt(row) for row in board.rows],
        "nearest": [show_card(card, now=now) for card in board.nearest[:FEW]],
    }
    return render_page(request, "obligations.html", context)


@page
def explain_counting(request: HttpRequest) -> HttpResponseBase:
    """GET /about: how counts are checked, how to recount, and which witnesses have cosigned."""
    try:
        site_log = show_site_log()
    except OperationalError:
        site_log = None  # the page explains all the same
    return render_page(request, "about.html", {"site_log": site_log})


@page
def describe_site_log(request: HttpRequest) -> HttpResponseBase:
    """GET /log: the site's own ledger in words, its newest entries, its witnesses and its key."""
    return render_page(request, "site_log.html", {"log": show_site_log(entries=NEWEST_ENTRIES)})


@page
def state_privacy(request: HttpRequest) -> HttpResponseBase:
    """GET /privacy: what is stored of whom, and for how long."""
    charter = site_charter()
    language = translation.get_language() or "ko"
    kept = rules.say_length(charter.retention.after_closing, language)
    return render_page(request, "privacy.html", {"charter": charter, "kept": kept})


@page
def state_accessibility(request: HttpRequest) -> HttpResponseBase:
    """GET /accessibility: what the pages are built to, and where to report a barrier."""
    return render_page(request, "accessibility.html")

"""What the site says, written by operators: pages, banners, pauses."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from maninso import ManinsoError
from maninso.petitions import noticeboard
from maninso.petitions.accounts import Member
from maninso.web.shared.accounts import office_page
from maninso.web.shared.answers import render_page
from maninso.web.shared.problems import NO_PAGE, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count
from maninso.web.shared.tickets import see_other


@office_page("operator")
def list_pages(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET /office/pages?slug=: every page in both languages; with `slug`, on to writing that one."""
    slug = request.GET.get("slug", "").strip().lower()
    if slug:
        return see_other(reverse("office_page_edit", args=[slug.replace("/", "-")[:60], "ko"]))
    pages: dict[str, dict[str, noticeboard.PageView]] = {}
    for language in noticeboard.LANGUAGES:
        for each in noticeboard.list_pages(language):
            pages.setdefault(each.slug, {})[language] = each
    rows = [(name, found.get("ko"), found.get("en")) for name, found in sorted(pages.items())]
    return render_page(request, "office/pages.html", {"rows": rows})


@office_page("operator")
def edit_page(request: HttpRequest, member: Member, slug: str, language: str) -> HttpResponseBase:
    """GET and POST /office/pages/{slug}/{language}?version=: write a page, see it first, look at older versions."""
    if language not in noticeboard.LANGUAGES:
        raise Refused(NO_PAGE)
    history = noticeboard.read_page_history(slug, language)
    asked = read_count(request, "version", most=LAST_PAGE, default=0)
    shown = next((each for each in history if each.version == asked), history[0] if history else None)
    title, body, error, preview = (shown.title, shown.body, "", False) if shown else ("", "", "", False)
    if request.method == "POST":
        title, body, preview = request.POST.get("title", ""), request.POST.get("body", ""), True
        if request.POST.get("do") == "save":
            try:
                noticeboard.save_page(
                    slug=slug, language=language, title=title, body=body, actor=member.actor, now=timezone.now()
                )
            except ManinsoError:
                error = _("A page needs a title, and a name of small letters, digits and hyphens.")
            else:
                return see_other(reverse("office_page_edit", args=[slug, language]))
    context = {
        "slug": slug,
        "page_language": language,
        "title": title,
        "body": body,
        "preview": preview,
        "history": history,
        "asked": asked,
        "error": error,
    }
    return render_page(request, "office/page.html", context, status=422 if error else 200)


@office_page("operator")
def show_notices(request: HttpRequest, member: Member) -> HttpResponseBase:
    """GET and POST /office/notices: banners, and pauses of signing and of creating, each with its reason."""
    error = ""
    text = {code: request.POST.get(f"text_{code}", "") for code in noticeboard.LANGUAGES}
    if request.method == "POST":
        now, number = timezone.now(), request.POST.get("id", "")
        try:
            if request.POST.get("do") == "end":
                notice_id = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
                noticeboard.end_notice(notice_id, actor=member.actor, now=now)
            else:
                kind = request.POST.get("kind", "")
                noticeboard.post_notice(kind=kind, text=text, actor=member.actor, now=now)
        except noticeboard.NoticeError:
            error = _("It is so already, or it ended meanwhile. Nothing was changed.")
        except ManinsoError:
            error = _("Write it in both languages, in one line each. Nothing was changed.")
        else:
            return see_other(reverse("office_notices"))
    context = {"all_notices": noticeboard.list_notices(), "error": error, "text": text}
    return render_page(request, "office/notices.html", context, status=422 if error else 200)

"""Lists as Atom feeds (RFC 4287), with the filter of the page."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed

from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.answers import PAGE_CACHING, data
from maninso.web.shared.filters import find, link_filter, read_wanted

ENTRIES = 50


@data
def send_petitions(request: HttpRequest) -> HttpResponseBase:
    """GET /feeds/petitions.atom?q=&state=&topic=&…: the newest 50 of what a filter finds, or in the order asked for."""
    wanted = read_wanted(request)
    if "sort" not in request.GET:
        wanted = replace(wanted, sort="newest")
    found = find(wanted, page=1, per_page=ENTRIES, now=timezone.now())
    address = data_address("petitions_atom") + link_filter(wanted)
    feed = Atom1Feed(
        title=f"Petitions: {wanted.query}" if wanted.query else "Petitions",
        link=f"{site_origin()}/petitions{link_filter(wanted)}",
        feed_url=address,
        feed_guid=address,
        description="",
    )
    for card in found.cards:
        opened = card.opened_at or card.closed_at
        place = f"{site_origin()}/petitions/{card.petition_id}"
        feed.add_item(
            title=card.title,
            link=place,
            description=card.summary,
            unique_id=place,
            pubdate=opened,
            updateddate=opened,
            categories=[card.topic] if card.topic else [],
        )
    response = HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
    response.headers["Cache-Control"] = PAGE_CACHING
    return response

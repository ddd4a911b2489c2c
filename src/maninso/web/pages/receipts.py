"""After signing: the receipt, taking a signature back, checking what one has kept, and a petition's voids.

A receipt's page is the same for everybody and holds nothing personal; only the page that withdraws looks at the cookie
with the receipt's secret, and it is never cached. Opening a page changes nothing.
"""

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from maninso.identity.receipt import PURPOSE, is_receipt_secret, make_receipt_secret, name_cookie
from maninso.identity.ticket import derive_key
from maninso.petitions import access, integrity
from maninso.petitions.access import ReceiptView, site
from maninso.web.shared.addresses import data_address, site_origin
from maninso.web.shared.answers import page, private_page, render_page
from maninso.web.shared.problems import NO_RECEIPT, NO_VOIDS, NOT_WITHDRAWABLE, WRONG_SECRET, Refused
from maninso.web.shared.requests import LAST_PAGE, read_count, read_leaf_hash, read_number
from maninso.web.shared.tickets import require_own_page, see_other

VOIDS_PER_PAGE = 100
LONGEST_SHOWN = 50_000  # bytes of a file that was checked; a receipt has some 1,500, a witnessed one a few thousand
VERDICTS = {
    "counted": _("Yes: this signature is in the ledger, and it counts."),
    "voided": _("This signature is in the ledger, but it does not count."),
    "waiting": _("This signature is stored and will be sealed within a minute. Check again then."),
    "missing": _("This site promised to enter this signature in the ledger, and it is not there."),
    "contradicted": _("This site sealed this receipt, and its ledger says something else today."),
    "false": _("This file was changed, or this site did not make it."),
    "elsewhere": _("This file is from another site."),
    "unreadable": _("This is neither a receipt nor a promise."),
}
ADVICE = {
    "counted": _("Anyone can check the same without trusting this site: see below."),
    "voided": _("The list of voids says why, and who decided it."),
    "waiting": _("Keep the file."),
    "missing": _("Keep the file: it is proof that the site did not keep its word. Show it to an auditor or the press."),
    "contradicted": _("Keep the file: it is proof that the ledger was changed. Show it to an auditor or the press."),
    "false": _("Fetch it again from the receipt’s page. A single changed character makes it worthless."),
    "elsewhere": _("Check it on the site that it names."),
    "unreadable": _("A receipt is a file whose name ends in .tlog-proof; it begins with c2sp.org/tlog-proof."),
}
BAD_VERDICTS = ("missing", "contradicted", "false")


@page
def show_receipt(request: HttpRequest, number: str, leaf_hash: str) -> HttpResponseBase:
    """GET /petitions/{id}/receipts/{leaf_hash}: thank you, and what the ledger says of this signature."""
    receipt = find_receipt(number, leaf_hash)
    address = reverse("receipt", args=[receipt.petition_id, leaf_hash])
    context = {
        "receipt": receipt,
        "leaf_hash": leaf_hash,
        "sealed": receipt.proof is not None,
        "named": site.is_named(receipt.petition_id, receipt.leaf_index),
        "standing": integrity.read_standing(receipt.petition_id, receipt.leaf_hash, now=timezone.now()),
        "again": request.GET.get("again") == "1",
        "address": site_origin() + address,
        "seal_keys": site.site_log_key() or access.log_key(receipt.petition_id) or "",
    }
    response = render_page(request, "receipt.html", context)
    if receipt.proof is None:
        response.headers["Cache-Control"] = "no-store"  # it will be sealed within a second
    return response


@csrf_exempt  # a request needs the signature's secret, or comes with the cookie from this site (require_secret)
@private_page
def withdraw(request: HttpRequest, number: str, leaf_hash: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/receipts/{leaf_hash}/withdraw: take the signature back, with its secret."""
    receipt = find_receipt(number, leaf_hash)
    petition_id, now = receipt.petition_id, timezone.now()
    standing = integrity.read_standing(petition_id, receipt.leaf_hash, now=now)
    if standing is None:
        raise Refused(NO_RECEIPT)
    if request.method == "POST":
        require_secret(request, receipt)
        try:
            integrity.withdraw_signature(petition_id, receipt.leaf_hash, now=now)
        except integrity.NotOpenError as error:
            raise Refused(NOT_WITHDRAWABLE) from error
        return see_other(reverse("receipt", args=[petition_id, leaf_hash]))
    kept = request.COOKIES.get(name_cookie(petition_id), "")
    key = derive_key(settings.MANINSO.secret_key, purpose=PURPOSE)
    mine = knows_secret(kept, receipt)
    secret = make_receipt_secret(key, petition_id=petition_id, leaf_hash=receipt.leaf_hash) if mine else ""
    context = {"receipt": receipt, "leaf_hash": leaf_hash, "standing": standing, "secret": secret}
    return render_page(request, "withdraw.html", context)


def require_secret(request: HttpRequest, receipt: ReceiptView) -> None:
    """Refuse who does not show the receipt's secret: in the form's field, else in the cookie of a page of this site."""
    given = request.POST.get("secret", "").strip()
    if not given:
        require_own_page(request)
        given = request.COOKIES.get(name_cookie(receipt.petition_id), "")
    if not knows_secret(given, receipt):
        raise Refused(WRONG_SECRET)


def knows_secret(given: str, receipt: ReceiptView) -> bool:
    """Whether this is the receipt's secret, made under the site's present secret or one before it."""
    keys = [derive_key(secret, purpose=PURPOSE) for secret in settings.MANINSO.secrets]
    return any(
        is_receipt_secret(key, given, petition_id=receipt.petition_id, leaf_hash=receipt.leaf_hash) for key in keys
    )


@csrf_exempt  # it changes nothing
@private_page
def check_file(request: HttpRequest) -> HttpResponseBase:
    """GET and POST /check: was I counted? A receipt or promise, pasted or as a file, against the ledger of today."""
    seal_keys = "\n".join(filter(None, (site.site_log_key(), integrity.promise_key().render())))
    if request.method != "POST":
        return render_page(request, "check.html", {"seal_keys": seal_keys})
    upload = request.FILES.get("file")
    if upload is not None and upload.size:
        data = upload.read(integrity.LARGEST_FILE)
    else:
        data = request.POST.get("text", "").strip().encode("utf-8", "replace")[: integrity.LARGEST_FILE]
    checked = integrity.check_file(data, now=timezone.now())
    context = {
        "checked": checked,
        "leaf_hash": checked.leaf_hash.hex(),
        "verdict": VERDICTS[checked.verdict],
        "advice": ADVICE[checked.verdict],
        "bad": checked.verdict in BAD_VERDICTS,
        "good": checked.verdict == "counted",
        "seal_keys": seal_keys,
        "text": data.decode("utf-8", "replace") if len(data) <= LONGEST_SHOWN else "",
    }
    return render_page(request, "check.html", context)


@page
def show_voids(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET /petitions/{id}/voids?page=: every void and reinstatement, why, and who decided it."""
    asked = read_count(request, "page", most=LAST_PAGE, default=1)
    record = integrity.read_voids(read_number(number), page=asked, per_page=VOIDS_PER_PAGE)
    if record is None:
        raise Refused(NO_VOIDS)
    return render_page(
        request, "voids.html", {"record": record, "json": data_address("voids_json", record.petition_id)}
    )


def find_receipt(number: str, leaf_hash: str) -> ReceiptView:
    """Return the receipt at an address; refuses what is none."""
    receipt = access.read_receipt(read_number(number), read_leaf_hash(leaf_hash))
    if receipt is None:
        raise Refused(NO_RECEIPT)
    return receipt

"""Was it an answer? A signer says so, once, after proving who they are in the way in which they signed."""

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt

from maninso import ManinsoError
from maninso.petitions import obligations
from maninso.web.pages import proving
from maninso.web.pages.petitions import find_petition
from maninso.web.shared.answers import private_page, render_page
from maninso.web.shared.problems import NO_PAGE, Refused
from maninso.web.shared.requests import read_number
from maninso.web.shared.tickets import require_own_page

CHOICES = (
    ("yes", gettext_lazy("Yes, it answers what we asked for")),
    ("partly", gettext_lazy("In part")),
    ("no", gettext_lazy("No, it does not")),
)


@csrf_exempt  # own page or none; proving who one is comes with the form or its cookie
@private_page
def judge(request: HttpRequest, number: str, debt: str) -> HttpResponseBase:
    """GET and POST /petitions/{id}/verdict/{debt}: say whether it was an answer; opening the page says nothing."""
    now = timezone.now()
    view, obligation_id = find_petition(number, now=now), read_number(debt)
    owed = next((each for each in view.obligations if each.obligation_id == obligation_id), None)
    if owed is None or owed.response is None or not view.title:
        raise Refused(NO_PAGE)
    wanted = proving.wanted_to_judge(view, obligation_id)
    error, challenge, done = proving.describe_note(request), "", False
    chosen = request.POST.get("verdict", "")
    if request.method == "POST":
        require_own_page(request)
        proof = proving.prove(request, wanted, challenge=request.POST.get("challenge", ""), now=now)
        error, challenge = proof.error, proof.challenge
        if proof.ticket is not None:
            try:
                obligations.judge_answer(obligation_id, ticket=proof.ticket, verdict=chosen)
            except ManinsoError as fault:
                error = say_fault(fault)
            else:
                done = True
                view = find_petition(number, now=now)
    context: dict[str, Any] = {
        "petition": view,
        "debt": owed,
        "said": owed.response,
        "who_is_it": proving.show_proving(request, wanted, challenge=challenge, now=now),
        "choices": CHOICES,
        "chosen": chosen,
        "error": error,
        "done": done,
        "verdicts": next((each for each in view.verdicts if each.obligation_id == obligation_id), None),
    }
    return render_page(request, "verdict.html", context, status=422 if error and request.method == "POST" else 200)


def say_fault(fault: ManinsoError) -> str:
    """Return why a verdict is not taken, and what to do."""
    match fault:
        case obligations.NotSignerError():
            return _("No signature that counts was made with this proof. Prove who you are in the way you signed.")
        case obligations.KeyGoneError():
            return _("The time for this is over: the petition’s key is destroyed, so nobody can show that they signed.")
        case obligations.ObligationError():
            return _("No answer stands here any more. Look at the petition again.")
    return _("Choose one of the three.")

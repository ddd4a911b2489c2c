"""Proof of work before a message is sent (ALTCHA): a second of a browser's time, which is much for thousands at once.

No puzzle, and no browser shut out: whoever does not compute shares a few requests a minute with their network.
"""

import base64
import datetime as dt
import json

from altcha import v1 as altcha
from django.conf import settings
from django.http import HttpRequest

from maninso.identity.ticket import derive_key
from maninso.petitions import notices
from maninso.web.shared.problems import NO_WORK, Refused
from maninso.web.shared.tickets import name_network

LIFETIME = dt.timedelta(minutes=10)
MOST_WITHOUT = 2  # requests a minute from one network that come without work
_LONGEST = 2000  # characters


def make_challenge(*, now: dt.datetime) -> dict[str, object]:
    """Return a challenge that takes MANINSO_PROOF_OF_WORK hashes on average."""
    most: int = 2 * settings.MANINSO.proof_of_work
    options = altcha.ChallengeOptions(
        algorithm="SHA-256", max_number=most, hmac_key=_key(settings.MANINSO.secret_key), expires=now + LIFETIME
    )
    made = altcha.create_challenge(options)
    return {
        "algorithm": made.algorithm,
        "challenge": made.challenge,
        "maxnumber": made.max_number,
        "salt": made.salt,
        "signature": made.signature,
    }


def require_work(request: HttpRequest, *, now: dt.datetime) -> None:
    """Refuse who has not computed, where the site asks for it and their network has had its few without."""
    if not settings.MANINSO.proof_of_work or has_worked(request.POST.get("work", ""), now=now):
        return
    network = name_network(request)
    minute = now.replace(second=0, microsecond=0)
    until = minute + dt.timedelta(minutes=1)
    if network and not notices.take_allowance(
        f"without work {network} {minute.isoformat()}", most=MOST_WITHOUT, until=until
    ):
        raise Refused(NO_WORK)


def has_worked(work: str, *, now: dt.datetime) -> bool:
    """Whether this solves a challenge of ours that is in time and was not used before."""
    if not 0 < len(work) <= _LONGEST:
        return False
    try:
        if not any(altcha.verify_solution(work, _key(secret))[0] for secret in settings.MANINSO.secrets):
            return False
    except (ValueError, TypeError, KeyError, AttributeError):  # what the library does not expect in an answer
        return False
    # One solution can be written in many ways, but all of them carry the challenge's one signature.
    once = json.loads(base64.b64decode(work))["signature"]
    return notices.take_allowance(f"work {once}", most=1, until=now + LIFETIME)


def _key(secret: str) -> bytes:
    return derive_key(secret, purpose="work")

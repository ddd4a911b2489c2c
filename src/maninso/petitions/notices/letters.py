"""Letters to creators whose time has come: each becomes a message, and gives its address away to it.

The letter with the creator's link gives its words away, too: they are deleted with the message.
"""

import datetime as dt

from django.db import transaction
from django.db.models import F

from maninso.petitions.models import RECEIVED, Letter
from maninso.petitions.models.notice import LANGUAGES
from maninso.petitions.notices.messages import store_message

AT_ONCE = 100  # letters in one transaction
WORTH_READING = dt.timedelta(days=3)
"""How long a letter is tried to be delivered; it stays on the creator's page whatever comes of it."""


def send_due_letters(*, now: dt.datetime) -> int:
    """Make messages of letters with an address whose time has come, AT_ONCE at most; return how many.

    Message, job and mark are one transaction, so that a letter is sent once; the address moves from the letter to the
    message, and goes with it. Whoever works at the same time takes other letters.
    """
    with transaction.atomic():
        due = (
            Letter.objects.filter(sent_at=None, cancelled_at=None, send_at__lte=now)
            .exclude(address="")
            .order_by("send_at", "pk")
            .select_for_update(skip_locked=True, no_key=True)[:AT_ONCE]
        )
        letters = list(due)
        for letter in letters:
            store_message(
                kind="letter",
                petition_id=letter.petition_id,
                recipient=letter.address,
                language=letter.language if letter.language in LANGUAGES else "en",
                facts={"letter": letter.pk} | ({"body": letter.body} if letter.once == RECEIVED else {}),
                now=now,
                useful=WORTH_READING,
            )
        sent = Letter.objects.filter(pk__in=[letter.pk for letter in letters])
        sent.filter(once=RECEIVED).update(body=F("subject"))
        sent.update(sent_at=now, address="")
    return len(letters)

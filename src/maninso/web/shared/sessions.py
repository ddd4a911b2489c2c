"""Forgets sessions that are over, and with them the address and browser that they came from."""

import datetime as dt


def forget_ended_sessions(*, now: dt.datetime) -> int:
    """Forget every session that ended by itself or was ended, with what is kept of it; return how many were kept."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.models import Session

    Session.objects.filter(expire_date__lte=now).delete()
    ended = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    return int(ended.delete()[0])

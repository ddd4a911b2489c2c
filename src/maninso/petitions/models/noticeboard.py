"""What the site says besides petitions: pages in all versions, banners, and pauses with their reasons."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

NOTICE_KINDS = ("banner", "signing-paused", "creating-paused")


class PageVersion(models.Model):
    """One version of a page in one language; the newest is shown, an empty one takes it away. Append-only (trigger)."""

    slug = models.TextField()
    language = models.TextField()
    version = models.IntegerField()
    title = models.TextField()
    body = models.TextField()
    author = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["slug", "language", "version"], name="page_version_once"),
            models.CheckConstraint(
                condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$", language__in=("ko", "en"), version__gte=1),
                name="page_version_named",
            ),
            models.CheckConstraint(condition=~Q(title=""), name="page_version_titled"),
        ]


class Notice(models.Model):
    """What every page says on top while it lasts: a banner, or that signing or creating is paused, and why."""

    kind = models.TextField()
    text_ko = models.TextField()
    text_en = models.TextField()
    started_at = models.DateTimeField()
    started_by = models.TextField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=NOTICE_KINDS), name="notice_kind_known"),
            models.CheckConstraint(condition=~Q(text_ko="") & ~Q(text_en=""), name="notice_in_both_languages"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="notice_ends_after_it_began"
            ),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(ended_at=None) & ~Q(kind="banner"), name="notice_one_pause_of_a_kind"
            ),
        ]

"""Letters that brought a creator's link keep it no longer once they are sent, or where nobody was written to."""

from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    """Take the links out of letters that were sent before."""

    dependencies: ClassVar = [("petitions", "0030_webhooks")]

    operations: ClassVar = [
        migrations.RunSQL(
            """
            UPDATE petitions_letter SET body = subject
            WHERE once = 'received' AND address = '' AND (sent_at IS NOT NULL OR send_at <= now())
            """,
            migrations.RunSQL.noop,
        )
    ]

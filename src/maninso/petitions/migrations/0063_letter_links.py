"""The link to a creator's page goes from the letter that brings it when its address does, sent or not."""

from typing import ClassVar

from django.db import migrations, models
from django.db.models import F, Q

EMPTY_LETTERS = (
    "UPDATE petitions_letter SET body = subject WHERE once = 'received' AND address = '' AND body <> subject"
)


class Migration(migrations.Migration):
    """The links of letters that lost their address before they were sent are deleted."""

    dependencies: ClassVar = [("petitions", "0062_list_indexes")]

    operations: ClassVar = [
        migrations.RunSQL(EMPTY_LETTERS, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "letter",
            models.CheckConstraint(
                condition=~Q(once="received") | ~Q(address="") | Q(body=F("subject")),
                name="letter_link_goes_with_address",
            ),
        ),
    ]

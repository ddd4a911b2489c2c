"""Who asked for their link before a petition closed may confirm for a while: the gate knows for how long."""

import re
from importlib.resources import files
from typing import ClassVar

from django.db import migrations, models

SCHEMA = files("maninso.signing").joinpath("schema.sql").read_text(encoding="utf-8")

# A new database has all of it from schema.sql. The functions are taken from there, so that they are written once.
_FUNCTION = re.compile(r"^CREATE FUNCTION signing_(?:take|return)\(.*?^END \$\$;$", re.MULTILINE | re.DOTALL)
FUNCTIONS = "\n".join(
    found[0].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION") for found in _FUNCTION.finditer(SCHEMA)
)

COLUMN = """
ALTER TABLE signing_gate ADD COLUMN IF NOT EXISTS grace interval NOT NULL DEFAULT '0';
ALTER TABLE signing_gate DROP CONSTRAINT IF EXISTS signing_gate_grace;
ALTER TABLE signing_gate ADD CONSTRAINT signing_gate_grace CHECK (grace BETWEEN interval '0' AND interval '24 hours');
CREATE INDEX IF NOT EXISTS signing_gate_ends ON signing_gate (closes_at) WHERE state = 'open';
DROP FUNCTION IF EXISTS signing_take(bigint[], bytea, bytea, integer[]);
DROP FUNCTION IF EXISTS signing_return(bigint[], bytea, timestamptz);
"""


class Migration(migrations.Migration):
    """The gate's grace, in the table and in the functions of the hot path."""

    dependencies: ClassVar = [("petitions", "0013_kept_petitions")]

    operations: ClassVar = [
        migrations.RunSQL(COLUMN + FUNCTIONS),
        migrations.AddField(
            model_name="signinggate", name="closes_at", field=models.DateTimeField(null=True), preserve_default=False
        ),
        migrations.AddField(
            model_name="signinggate", name="grace", field=models.DurationField(), preserve_default=False
        ),
    ]

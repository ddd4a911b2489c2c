"""A small town's charter, and a way to load it with lines changed."""

from collections.abc import Callable

import pytest

from maninso.charter import Charter, load_charter

SOURCE = """\
id = "town"
title = "Town petitions"
institution = { ko = "읍사무소", en = "Town hall" }
time_zone = "Europe/London"
regions = ["GB-ENG", "GB-SCT", "GB-WLS"]

[sources]
bylaw = { ko = "조례", en = "By-law 12" }

[figures]
review = { confidence = "reported", source = "bylaw" }

[sponsors]
count = 5
maximum = 20
window = "2 weeks"
confidence = "confirmed"
source = "bylaw"

[collecting]
starts = "publication"
length = "30 days"
shorter_allowed = false
confidence = "confirmed"
source = "bylaw"
figures.starts = { confidence = "unconfirmed", source = "bylaw" }

[counting]
signatures = "raw"
confidence = "confirmed"
source = "bylaw"

[[thresholds]]
id = "answer"
label = "Answer"
at_least = 100
confidence = "confirmed"
source = "bylaw"

[thresholds.obligation]
id = "answer"
what = "a written answer"
who = "the mayor"
basis = "By-law 12"
confidence = "confirmed"
source = "bylaw"

[thresholds.obligation.deadline]
within = "30 days"
counted_from = "threshold"
confidence = "confirmed"
source = "bylaw"

[[thresholds]]
id = "council"
label = "On the agenda"
more_than = 500
confidence = "confirmed"
source = "bylaw"

[thresholds.regional]
regions_needed = 2
confidence = "confirmed"
source = "bylaw"
tables = [
    { since = 2020-01-01, until = 2021-12-31, minimum = { GB-ENG = 10, GB-SCT = 20, GB-WLS = 30 } },
    { since = 2022-01-01, minimum = { GB-ENG = 11, GB-SCT = 21, GB-WLS = 31 } },
]

[text]
title_max = 80
body_max = 500
confidence = "confirmed"
source = "bylaw"

[signer]
who = "residents"
minimum_assurance = 0
confidence = "confirmed"
source = "bylaw"

[creator]
who = "residents"
minimum_assurance = 1
confidence = "confirmed"
source = "bylaw"

[disclosure]
creator_name = "while open"
signer_names = "never"
confidence = "confirmed"
source = "bylaw"

[retention]
after_closing = "6 months"
confidence = "confirmed"
source = "bylaw"

[[blackouts]]
since = 2024-04-01
until = 2024-05-02
why = "elections"
confidence = "confirmed"
source = "bylaw"

[[rejection_reasons]]
code = "duplicate"
label = "The same is asked already"
hides = false

[[rejection_reasons]]
code = "personal-data"
label = "It holds personal data"
hides = true
"""

Change = Callable[..., str]
Build = Callable[..., Charter]


@pytest.fixture
def change() -> Change:
    """Gives the town's charter as TOML with each old text (which must be there) replaced, first place only."""

    def change_source(*changes: tuple[str, str]) -> str:
        source = SOURCE
        for old, new in changes:
            assert old in source
            source = source.replace(old, new, 1)
        return source

    return change_source


@pytest.fixture
def build(change: Change) -> Build:
    """Loads the town's charter with changes."""

    def build_charter(*changes: tuple[str, str]) -> Charter:
        return load_charter(change(*changes).encode(), name="town.toml")

    return build_charter

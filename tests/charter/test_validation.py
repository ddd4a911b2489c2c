"""Values that contradict each other are refused, each at its own line."""

import pytest

from maninso.charter import CharterError, load_charter

OBLIGATION = "[thresholds.obligation.deadline]"
ZONE = "must be an IANA time zone such as 'Asia/Seoul', not "
NEEDED = "thresholds[1].regional.regions_needed"
SOURCED = 'confidence = "confirmed"\nsource = "bylaw"\n\n[sponsors]'
STEP = """[[thresholds.obligation.steps]]
id = "answer"
what = "a step"
who = "the clerk"
confidence = "confirmed"
source = "bylaw"

"""

# (changes, the text whose line is named, key path, what is wrong)
CONTRADICTIONS = [
    ([("maximum = 20", "maximum = 4")], "maximum = 4", "sponsors.maximum", "is less than 'count'"),
    (
        [("more_than = 500", "more_than = 500\nat_least = 500")],
        "at_least = 500",
        "thresholds[1].at_least",
        "give either 'at_least' or 'more_than'",
    ),
    ([("at_least = 100", "")], "[[thresholds]]", "thresholds[0].at_least", "give either 'at_least' or 'more_than'"),
    ([("Europe/London", "Europe/Londn")], "time_zone", "time_zone", ZONE + "'Europe/Londn'"),
    ([("Europe/London", "../etc/passwd")], "time_zone", "time_zone", ZONE + "'../etc/passwd'"),
    ([('"GB-WLS"]', '"GB-WLS", "GB-SCT"]')], "regions =", "regions[3]", "'GB-SCT' is used twice"),
    ([("regions_needed = 2", "regions_needed = 4")], "regions_needed", NEEDED, "is more than the 3 regions of a table"),
    (
        [("regions_needed = 2", "regions_needed = 2\nall_regions = true")],
        "regions_needed",
        NEEDED,
        "give either 'regions_needed' or 'all_regions = true'",
    ),
    (
        [("regions_needed = 2", "")],
        "[thresholds.regional]",
        NEEDED,
        "give either 'regions_needed' or 'all_regions = true'",
    ),
    (
        [("since = 2022-01-01", "since = 2022-01-02")],
        "{ since = 2022",
        "thresholds[1].regional.tables[1].since",
        "must be the day after the table before it ends",
    ),
    (
        [("until = 2021-12-31", "until = 2019-12-31")],
        "{ since = 2020",
        "thresholds[1].regional.tables[0].until",
        "is before 'since'",
    ),
    (
        [("until = 2021-12-31, ", "")],
        "{ since = 2022",
        "thresholds[1].regional.tables[1].since",
        "must be the day after the table before it ends",
    ),
    (
        [("GB-SCT = 21, ", "")],
        "{ since = 2022",
        "thresholds[1].regional.tables[1].minimum",
        "lacks GB-SCT",
    ),
    (
        [("GB-WLS = 31", "GB-WLS = 31, GB-NIR = 5")],
        "{ since = 2022",
        "thresholds[1].regional.tables[1].minimum.GB-NIR",
        "is not among the charter's regions",
    ),
    (
        [("regions_needed = 2", "regions_needed = 2\nalso_written = { WA = 'GB-XXX' }")],
        "also_written",
        "thresholds[1].regional.also_written.WA",
        "must be a code outside the tables that stands for one inside",
    ),
    (
        [("regions_needed = 2", "regions_needed = 2\nalso_written = { GB-ENG = 'GB-WLS' }")],
        "also_written",
        "thresholds[1].regional.also_written.GB-ENG",
        "must be a code outside the tables that stands for one inside",
    ),
    ([('length = "30 days"', "")], "[collecting]", "collecting.length", "give either 'length' or 'choices'"),
    (
        [('length = "30 days"', 'length = "30 days"\nchoices = ["1 week"]')],
        'length = "30 days"',
        "collecting.length",
        "give either 'length' or 'choices'",
    ),
    (
        [('length = "30 days"', 'choices = ["1 week", "1 week"]')],
        "choices",
        "collecting.choices[1]",
        "'1 week' is used twice",
    ),
    (
        [('length = "30 days"', 'choices = ["1 week"]'), ("shorter_allowed = false", "shorter_allowed = true")],
        "shorter_allowed",
        "collecting.shorter_allowed",
        "has no meaning beside 'choices'",
    ),
    (
        [("shorter_allowed = false", 'start_within = "1 month"')],
        "start_within",
        "collecting.start_within",
        "has a meaning only where starts = 'chosen date'",
    ),
    (
        [("figures.starts", "figures.start")],
        "figures.start",
        "collecting.figures.start",
        "names no figure of this section",
    ),
    (
        [
            (
                'review = { confidence = "reported", source = "bylaw" }',
                'review = { confidence = "reported", source = "x" }',
            )
        ],
        "review =",
        "figures.review.source",
        "'x' is not in [sources]",
    ),
    ([("review =", "revue =")], "revue =", "figures.revue", "names no optional part of a charter"),
    ([("review =", "collecting =")], "collecting =", "figures.collecting", "names no optional part of a charter"),
    (
        [("review =", "sponsors =")],
        "sponsors =",
        "figures.sponsors",
        "[sponsors] is present, with a confidence and a source of its own",
    ),
    ([('id = "council"', 'id = "answer"')], 'id = "answer"\nlabel = "On', "thresholds[1].id", "'answer' is used twice"),
    (
        [(OBLIGATION, STEP + OBLIGATION)],
        'id = "answer"\nwhat = "a step"',
        "thresholds[0].obligation.steps[0].id",
        "'answer' is used twice",
    ),
    (
        [('code = "personal-data"', 'code = "duplicate"')],
        'code = "duplicate"\nlabel = "It holds',
        "rejection_reasons[1].code",
        "'duplicate' is used twice",
    ),
    (
        [(OBLIGATION, OBLIGATION + '\ntarget = "40 days"')],
        "target",
        "thresholds[0].obligation.deadline.target",
        "must be shorter than 'within'",
    ),
    (
        [(OBLIGATION, OBLIGATION + '\ntarget = "1 month"')],
        "target",
        "thresholds[0].obligation.deadline.target",
        "must be in the unit of 'within'",
    ),
    (
        [(OBLIGATION + '\nwithin = "30 days"', OBLIGATION + '\nwithin = "3 sitting days"\nor_next_sitting_day = true')],
        "or_next_sitting_day",
        "thresholds[0].obligation.deadline.or_next_sitting_day",
        "has no meaning where 'within' counts sittings already",
    ),
    (
        [(OBLIGATION, OBLIGATION + "\nbest_effort = true\nextensions = [{ at_most = 1 }]")],
        "extensions",
        "thresholds[0].obligation.deadline.extensions",
        "a best-effort deadline is not extended",
    ),
    (
        [(OBLIGATION, OBLIGATION + "\nextensions = [{}, { at_most = 1 }]")],
        "extensions",
        "thresholds[0].obligation.deadline.extensions[0]",
        "needs 'at_most', or the extensions after it are never reached",
    ),
    (
        [
            (
                'basis = "By-law 12"',
                'basis = "By-law 12"\ndeclines = [{ code = "a", label = "A" }, { code = "a", label = "B" }]',
            )
        ],
        "declines",
        "thresholds[0].obligation.declines[1].code",
        "'a' is used twice",
    ),
    (
        [
            (
                'basis = "By-law 12"',
                'basis = "By-law 12"\nfigures.deadline = { confidence = "confirmed", source = "bylaw" }',
            )
        ],
        "figures.deadline",
        "thresholds[0].obligation.figures.deadline",
        "has a confidence and a source of its own",
    ),
    ([("until = 2024-05-02", "until = 2024-03-31")], "until = 2024-03-31", "blackouts[0].until", "is before 'since'"),
    (
        [
            (
                "[[rejection_reasons]]",
                '[[blackouts]]\nsince = 2024-05-02\nuntil = 2024-05-03\nwhy = "x"\nconfidence = "confirmed"\n'
                'source = "bylaw"\n\n[[rejection_reasons]]',
            )
        ],
        "since = 2024-05-02",
        "blackouts[1].since",
        "must be after the blackout before it",
    ),
    (
        [("[sponsors]", "[in_force]\nsince = 2024-04-02\n" + SOURCED)],
        "[[blackouts]]",
        "blackouts[0]",
        "is outside the days this charter is in force",
    ),
    (
        [
            (
                "[sponsors]",
                "[in_force]\nsince = 2024-04-02\nuntil = 2024-04-01\n" + SOURCED,
            )
        ],
        "until = 2024-04-01",
        "in_force.until",
        "is before 'since'",
    ),
    (
        [('signer_names = "never"', 'signer_names = "once verified"')],
        "signer_names",
        "disclosure.signer_names",
        "nothing is verified where [counting] has signatures = 'raw'",
    ),
    (
        [
            (
                "[sponsors]",
                "[organisers]\ncount = 2\nregions = 3\n" + SOURCED,
            )
        ],
        "regions = 3",
        "organisers.regions",
        "is more than 'count'",
    ),
    (
        [
            (
                "[sponsors]",
                "[organisers]\ncount = 4\nregions = 4\n" + SOURCED,
            )
        ],
        "regions = 4",
        "organisers.regions",
        "is more than the charter's regions",
    ),
    (
        [("[sponsors]", "[organisers]\n" + SOURCED)],
        "[organisers]",
        "organisers.count",
        "give 'count', or the 'roles' there must be",
    ),
    (
        [
            (
                "more_than = 500",
                "more_than = 500\nearlier = [\n"
                '  { until = 2020-01-01, at_least = 5, confidence = "confirmed", source = "bylaw" },\n'
                '  { until = 2020-01-01, at_least = 6, confidence = "confirmed", source = "bylaw" },\n]',
            )
        ],
        "  { until = 2020-01-01, at_least = 6",
        "thresholds[1].earlier[1].until",
        "must be later than the entry before it",
    ),
]


@pytest.mark.parametrize(("changes", "near", "key", "what"), CONTRADICTIONS)
def test_a_contradiction_is_refused_at_its_line(change, changes, near, key, what):
    source = change(*changes)
    with pytest.raises(CharterError) as caught:
        load_charter(source.encode(), name="town.toml")
    line = source[: source.index(near)].count("\n") + 1
    assert str(caught.value) == f"town.toml:{line}: {key}: {what}"


def test_a_source_must_be_listed(change):
    source = change(
        (
            'counted_from = "threshold"\nconfidence = "confirmed"\nsource = "bylaw"',
            'counted_from = "threshold"\nconfidence = "confirmed"\nsource = "law"',
        )
    )
    with pytest.raises(CharterError) as caught:
        load_charter(source.encode(), name="town.toml")
    line = source[: source.index('source = "law"')].count("\n") + 1
    assert str(caught.value) == (
        f"town.toml:{line}: thresholds[0].obligation.deadline.source: 'law' is not in [sources]"
    )

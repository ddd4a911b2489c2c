"""A draft's meaning leans towards what is nearest to it, by weight, and stays of length one."""

import math

import pytest

from maninso.petitions.discovery.meaning import lean


def test_a_meaning_leans_by_weight_and_stays_a_unit() -> None:
    east, north = (1.0, 0.0), (0.0, 1.0)
    assert lean((east, north), []) == (east, north)
    title, lead = lean((east, north), [(1.0, (north, north))])
    assert title == pytest.approx((math.sqrt(0.5), math.sqrt(0.5)))
    assert lead == pytest.approx(north)
    further, _ = lean((east, north), [(1.0, (north, north)), (2.0, (north, north))])
    assert further[1] > title[1]
    assert math.hypot(*further) == pytest.approx(1.0)

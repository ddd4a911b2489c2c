"""Regions as people call them, where their tiles lie on a map, and how many live there.

A map is a schematic one of equal tiles, so that a small city is seen as well as a large province. It is drawn where
every region of a charter has a tile; other charters get bars. Keys are ISO 3166-1 and 3166-2.
"""

from collections.abc import Collection, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

NAMES: Mapping[str, str | Promise] = {
    "KR-11": _("Seoul"),
    "KR-26": _("Busan"),
    "KR-27": _("Daegu"),
    "KR-28": _("Incheon"),
    "KR-29": _("Gwangju"),
    "KR-30": _("Daejeon"),
    "KR-31": _("Ulsan"),
    "KR-41": _("Gyeonggi"),
    "KR-42": _("Gangwon"),
    "KR-43": _("Chungbuk"),
    "KR-44": _("Chungnam"),
    "KR-45": _("Jeonbuk"),
    "KR-46": _("Jeonnam"),
    "KR-47": _("Gyeongbuk"),
    "KR-48": _("Gyeongnam"),
    "KR-49": _("Jeju"),
    "KR-50": _("Sejong"),
    "GB-ENG": _("England"),
    "GB-NIR": _("Northern Ireland"),
    "GB-SCT": _("Scotland"),
    "GB-WLS": _("Wales"),
    "AT": _("Austria"),
    "BE": _("Belgium"),
    "BG": _("Bulgaria"),
    "CY": _("Cyprus"),
    "CZ": _("Czechia"),
    "DE": _("Germany"),
    "DK": _("Denmark"),
    "EE": _("Estonia"),
    "ES": _("Spain"),
    "FI": _("Finland"),
    "FR": _("France"),
    "GR": pgettext_lazy("country", "Greece"),
    "HR": _("Croatia"),
    "HU": _("Hungary"),
    "IE": _("Ireland"),
    "IT": _("Italy"),
    "LT": _("Lithuania"),
    "LU": _("Luxembourg"),
    "LV": _("Latvia"),
    "MT": _("Malta"),
    "NL": _("Netherlands"),
    "PL": _("Poland"),
    "PT": _("Portugal"),
    "RO": _("Romania"),
    "SE": _("Sweden"),
    "SI": _("Slovenia"),
    "SK": _("Slovakia"),
}

TILES: Mapping[str, tuple[int, int]] = {
    **{"KR-28": (0, 0), "KR-11": (1, 0), "KR-41": (2, 0), "KR-42": (3, 0)},
    **{"KR-44": (0, 1), "KR-50": (1, 1), "KR-43": (2, 1), "KR-47": (3, 1)},
    **{"KR-45": (0, 2), "KR-30": (1, 2), "KR-27": (2, 2), "KR-31": (3, 2)},
    **{"KR-29": (0, 3), "KR-46": (1, 3), "KR-48": (2, 3), "KR-26": (3, 3)},
    "KR-49": (0, 4),
    **{"GB-SCT": (1, 0), "GB-NIR": (0, 1), "GB-WLS": (1, 1), "GB-ENG": (2, 1)},
}
"""Column and row of each region's tile: who is whose neighbour, and no more."""

RESIDENTS: Mapping[str, int] = {
    **{"KR-11": 933, "KR-26": 327, "KR-27": 236, "KR-28": 302, "KR-29": 141, "KR-30": 144},
    **{"KR-31": 110, "KR-41": 1369, "KR-42": 152, "KR-43": 159, "KR-44": 214, "KR-45": 174},
    **{"KR-46": 179, "KR-47": 253, "KR-48": 323, "KR-49": 67, "KR-50": 39},
    **{"GB-ENG": 5769, "GB-SCT": 549, "GB-WLS": 316, "GB-NIR": 192},
}
"""Ten thousands of residents, rounded: the resident registration of the Republic of Korea at the end of 2024, and the
Office for National Statistics' estimates for the middle of 2023."""


def name_region(code: str) -> str:
    """Return a region's name in the page's language; its code where we know none."""
    return str(NAMES.get(code, code))


def has_rates(codes: Collection[str]) -> bool:
    """Whether it is known of all of these regions how many live there."""
    return bool(codes) and all(code in RESIDENTS for code in codes)


def has_map(codes: Collection[str]) -> bool:
    """Whether all of these regions can be drawn as a map that shows how many of their residents signed."""
    return has_rates(codes) and all(code in TILES for code in codes)


def format_rate(count: int, code: str) -> str:
    """Return signatures per 10,000 residents, rounded down to two or three digits: "0.27", "12.3"."""
    hundredths = count * 100 // RESIDENTS[code]
    whole, part = divmod(hundredths, 100)
    return f"{whole}.{part:02}" if whole < 10 else f"{whole:,}.{part // 10}"

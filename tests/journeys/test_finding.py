"""Finding a petition, and being shown one's twins before raising another, in a real browser and both languages."""

import datetime as dt
import json

import pytest
from playwright.sync_api import Browser
from tests.journeys.browser import open_page
from tests.journeys.conftest import LiveSite
from tests.journeys.looking import find_barriers, find_sideways

ROWS = {
    "ko": ("시립도서관을 일요일에 열어 주세요", "시립도서관 일요일 폐관을 요구합니다", "일요일 시립도서관", "도셔관", "도서관"),
    "en": ("Open the planetarium on Sundays", "Close the planetarium on Sundays", "planetarium Sunday", "oepn", "open"),
}

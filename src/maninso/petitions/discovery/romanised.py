"""Reads the names of Koreans that are typed in Latin letters (`Hong Gil-dong`) as petitions write them (`홍길동`).

How people write their own names follows no one system, so every reading is tried, and the one that stands in most
petitions is taken. Sources: Revised Romanization of Korean (2000); McCune-Reischauer; the spellings of family names in
South Korean passports.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import NamedTuple

from django.db import connection

from maninso.petitions.discovery.grams import REST, grams_of_word, split_words
from maninso.petitions.discovery.sql import QUERIES

# Without what is a common word of English (an, do, go, in, no, so, to, you).
_FAMILY = {
    **{"가": "ka ga", "강": "kang gang", "고": "ko koh goh", "곽": "kwak gwak", "구": "koo ku gu goo"},
    **{"국": "kook kuk guk", "권": "kwon gwon", "금": "keum geum", "기": "ki gi kee", "길": "kil gil", "김": "kim gim"},
    **{"나": "na ra rha la", "남": "nam", "남궁": "namkung namgung namgoong", "노": "noh roh ro", "도": "doh"},
    **{"류": "ryu ryoo yoo yu", "마": "ma", "맹": "maeng", "명": "myung myeong", "모": "mo", "목": "mok"},
    **{"문": "moon mun", "민": "min", "박": "park pak bak", "반": "ban pan", "방": "bang pang", "배": "bae pae"},
    **{"백": "baek paik baik paek", "변": "byun byeon pyon", "복": "bok", "봉": "bong", "사공": "sakong sagong"},
    **{"서": "seo suh", "석": "seok suk", "선": "sun seon", "선우": "sunwoo seonu", "설": "seol sul"},
    **{"성": "sung seong", "손": "son sohn", "송": "song", "신": "shin sin", "심": "shim sim"},
    **{"안": "ahn", "양": "yang", "어": "eo uh", "엄": "eom um uhm", "여": "yeo yuh", "연": "yeon yun"},
    **{"염": "yeom yum", "예": "ye", "오": "oh o", "옥": "ok", "왕": "wang", "우": "woo u wu", "원": "won"},
    **{"위": "wi wee", "유": "yoo yu ryu", "육": "yook yuk", "윤": "yoon yun youn", "은": "eun"},
    **{"이": "lee yi rhee ri", "임": "lim im rim", "장": "jang chang", "전": "jeon chun jun chon"},
    **{"정": "jung jeong chung chong joung", "제": "je", "제갈": "jegal", "조": "cho jo", "주": "joo ju chu"},
    **{"지": "ji chi jee", "진": "jin chin", "차": "cha", "채": "chae", "천": "cheon chun", "최": "choi choe"},
    **{"추": "choo chu", "탁": "tak", "태": "tae", "표": "pyo", "하": "ha", "한": "han hahn", "함": "ham"},
    **{"허": "heo hur huh", "현": "hyun hyeon", "형": "hyung hyeong", "홍": "hong", "황": "hwang whang"},
    **{"황보": "hwangbo"},
}
_ONSETS = {
    **{"": "ㅇ", "g": "ㄱ", "k": "ㄱㅋ", "kk": "ㄲ", "n": "ㄴ", "d": "ㄷ", "t": "ㄷㅌ", "tt": "ㄸ", "r": "ㄹ"},
    **{"l": "ㄹ", "m": "ㅁ", "b": "ㅂ", "p": "ㅂㅍ", "pp": "ㅃ", "s": "ㅅ", "ss": "ㅆ", "sh": "ㅅ", "j": "ㅈ"},
    **{"jj": "ㅉ", "ch": "ㅊㅈ", "h": "ㅎ"},
}
_VOWELS = {
    **{"a": "ㅏ", "ah": "ㅏ", "ae": "ㅐ", "ai": "ㅐ", "e": "ㅔㅐ", "eo": "ㅓ", "eu": "ㅡ", "u": "ㅜㅓㅡ", "uh": "ㅓ"},
    **{"o": "ㅗㅓ", "oh": "ㅗ", "oo": "ㅜ", "ou": "ㅓㅜ", "i": "ㅣㅢ", "ee": "ㅣㅢ", "ya": "ㅑ", "yae": "ㅒ"},
    **{"ye": "ㅖㅕ", "yeo": "ㅕ", "yo": "ㅛㅕ", "yu": "ㅠㅕ", "yoo": "ㅠ", "you": "ㅕㅠ", "wa": "ㅘ", "wae": "ㅙ"},
    **{"oe": "ㅚ", "oi": "ㅚ", "wo": "ㅝ", "we": "ㅞ", "wi": "ㅟ", "wee": "ㅟ", "woo": "ㅜ", "ui": "ㅢ", "eui": "ㅢ"},
}
_CODAS = {
    **{"": "", "k": "ㄱ", "g": "ㄱ", "n": "ㄴ", "t": "ㅅㄷ", "l": "ㄹ", "r": "ㄹ", "m": "ㅁ", "p": "ㅂ", "b": "ㅂ"},
    **{"ng": "ㅇ"},
}
# The letters in the order in which Unicode puts syllables together (The Unicode Standard, section 3.12).
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MIDDLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_LAST = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_MOST_WORDS = 12  # of a question that are looked at


class Reading(NamedTuple):
    """A name that was typed in letters."""

    query: str  # with the name in Hangul
    name: str
    petitions: int  # that hold it; more than a hundred are not counted
    in_letters: int  # petitions that hold it as it was typed


def read_name(query: str) -> Reading | None:
    """Return how a query in letters reads with a name in it put in Hangul; None where no petition holds such a name."""
    words = split_words(query)
    readings = list(list_readings(words[:_MOST_WORDS]))
    held = _count_held({name: grams_of_word(name) for _, _, name in readings}) if readings else {}
    if not held:
        return None
    # Three syllables are a name rather than two.
    start, end, name = max(
        (reading for reading in readings if reading[2] in held),
        key=lambda reading: (len(reading[2]), held[reading[2]]),
    )
    in_letters = _count_held({name: [grams_of_word(word)[0] for word in words[start:end]]}).get(name, 0)
    return Reading(" ".join([*words[:start], name, *words[end:]]), name, held[name], in_letters)


def list_readings(words: list[str]) -> Iterator[tuple[int, int, str]]:
    """Give the names that words in letters may be: where they begin, where what follows them does, and in Hangul.

    The family's name comes first or last; a given name has two syllables, in one word or in two, or one.
    """
    for start in range(len(words)):
        for end in range(start + 2, min(start + 3, len(words)) + 1):
            part = words[start:end]
            around = [*words[max(start - 1, 0) : start], *words[end : end + 1]]
            for family, given in ((part[0], part[1:]), (part[-1], part[:-1])):
                if len(given) == 1 and read_syllable(given[0]) and any(map(read_syllable, around)):
                    continue  # a part of a longer name
                for name in _read(family, given):
                    yield start, end, name


def _read(family: str, given: list[str]) -> Iterator[str]:
    if len(given) == 2:
        parts = [(read_syllable(given[0]), read_syllable(given[1]))]
    elif one := read_syllable(given[0]):
        parts = [(one, [""])]
    else:
        cuts = range(1, len(given[0]))
        parts = [(read_syllable(given[0][:at]), read_syllable(given[0][at:])) for at in cuts]
    for first, second in parts:
        for surname, one_syllable, other in product(_surnames().get(family, ()), first, second):
            yield surname + one_syllable + other


@cache
def _surnames() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, spellings in _FAMILY.items():
        for spelling in spellings.split():
            found.setdefault(spelling, []).append(name)
    return found


@lru_cache(maxsize=2000)
def read_syllable(letters: str) -> list[str]:
    """Return the syllables that these letters may be, the likeliest first; [] where they are none."""
    return [
        chr(0xAC00 + (_FIRST.index(first) * 21 + _MIDDLE.index(middle)) * 28 + _LAST.index(last or " "))
        for onset, vowel, coda in _cut(letters)
        for first, middle, last in product(_ONSETS[onset], _VOWELS[vowel], _CODAS[coda] or [""])
    ]


def _cut(letters: str) -> Iterator[tuple[str, str, str]]:
    for onset in _ONSETS:
        for coda in _CODAS:
            vowel = letters.removeprefix(onset).removesuffix(coda)
            if vowel in _VOWELS and onset + vowel + coda == letters:
                yield onset, vowel, coda


def _count_held(names: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return in how many petitions names stand, by their grams, where in any; more than a hundred are not counted."""
    queries = [" & ".join(f"('{gram}' | '{REST}{gram}')" for gram in grams) for grams in names.values()]
    with connection.cursor() as cursor:
        cursor.execute(QUERIES["count_held"], {"names": list(names), "queries": queries})
        return dict(cursor.fetchall())

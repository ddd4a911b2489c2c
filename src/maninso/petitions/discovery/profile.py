"""What a petition is about, by its words alone: weighted grams, without how people ask, and with the act they ask for.

Titles of petitions are full of asking (`강력히 촉구합니다`), which tells two of them apart and means nothing; and one
act has many words (해산, 해체). So the title's grams leave out the first, and an act counts in whatever words it is.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from maninso.petitions.discovery.grams import Weights, grams_of_word, list_grams, split_words, stem

TITLE_TIMES = 8  # a word of the title counts as often as one of the text
_ACT_TIMES = 1.5  # more than a gram of the title that tells as much
ACT = "="  # begins what stands for an act; no gram does

# How people ask, whatever for: a word that begins so says nothing, nor does what stands behind a noun or a verb's stem.
_ASKING = re.compile(
    "(?:국민)?(?:청원|요청|부탁|촉구|요구|동의|호소|희망|간곡|강력)(?:[을를이가은는의에로히하해합함드바한][가-힣]{0,5})?"
    "|(?:바랍|바라|시켜|주세요|주십시|주시기|해주|합니다|하세요|드립니다|드려요|입니다|있습니다)[가-힣]*"
    "|제발|반드시|즉각|당장|관련|대한|대하여|대해|위한|위하여|위해|please|petition"
)
_BEHIND = re.compile(
    "[을를]?(?:합니다|하세요|하십시오|하라|하자|해주?이소|해줘요?|해주세요|해주십시[오요]|해주시기|해주시길|시켜주세요|해야합니다"
    "|드립니다|바랍니다|입니다|됩니다|합시다|청원|요청|촉구)$"
)
_MOST = 1000  # times that a gram is counted
_LOGARITHMS = [0.0, *(1 + math.log(count) for count in range(1, _MOST + 1))]
_HANGUL = re.compile("[가-힣]+")
# Acts that petitions ask for, each in its words.
_ACTS = tuple(
    tuple(words.split())
    for words in (
        "해산 해체",
        "사퇴 사임 하야 퇴진 하차 내려오 물러나",
        "해임 파면 경질 교체 탄핵 사퇴",
        "폐지 폐기 철폐 없애 중단 취소",
        "금지 막아 반대 철회",
        "처벌 엄벌 구속 징계 고발",
        "불참 보이콧 보이코트 boycott",
        "석방 사면 무죄",
        "도입 신설 시행",
        "확대 증설 증원 늘려",
        "dissolve disband",
        "resign dismiss remove fire sack",
        "abolish scrap repeal end",
        "close shut",
        "ban forbid prohibit stop",
        "punish prosecute arrest",
        "release pardon free",
        "build introduce create",
        "extend expand increase",
    )
)


def telling_words(title: str) -> list[str]:
    """Return the words of a title, normalised, without how it asks; all of them where nothing else is left."""
    words = split_words(title)
    told = []
    for word in words:
        if _ASKING.fullmatch(word):
            continue
        if _HANGUL.fullmatch(word):
            rest = _BEHIND.sub("", _BEHIND.sub("", word))
            if len(rest) < 2 and rest != word:
                continue
            word = rest
        told.append(word)
    return told or words


def profile(title: str, lead: str, weights: Weights) -> dict[str, float]:
    """Return what a petition is about as a unit vector of weighted grams and acts (TF-IDF, logarithmic)."""
    counts: Counter[str] = Counter(list_grams(lead))
    words = telling_words(title)
    for word in words:
        for gram in grams_of_word(word):
            counts[gram] += TITLE_TIMES
    weigh = weights.weigh
    vector = {gram: _LOGARITHMS[min(count, _MOST)] * weigh(gram) for gram, count in counts.items()}
    for number in _list_acts(words):
        held = sum(min(map(weights.frequency, grams_of_word(word))) for word in _ACTS[number])
        vector[f"{ACT}{number}"] = _ACT_TIMES * (1 + math.log(TITLE_TIMES)) * weights.tell(held)
    length = math.sqrt(sum(value * value for value in vector.values())) or 1.0
    return {gram: value / length for gram, value in vector.items()}


def _list_acts(words: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the acts that words of a title are for: Korean ones within a word, others as a word."""
    joined, whole = " ".join(words), {stem(word) for word in words}
    for number, act in enumerate(_ACTS):
        if any(stem(word) in whole if word.isascii() else word in joined for word in act):
            yield number


def share(mine: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Return how alike two profiles are: their cosine, from 0 to 1."""
    small, large = sorted((mine, theirs), key=len)
    return sum(value * large[gram] for gram, value in small.items() if gram in large)

"""Whether two petitions about one matter ask for opposite things: what each is for and against, read from its title.

A title is read clause by clause. A word that takes something away (abolish, dismiss, stop) turns a clause against what
stands before it, and one that refuses (against, do not) turns it round again: "resign" is against, "against the call to
resign" is for. Two petitions are opposite where

- `turned`: one is for and the other against what both name, or
- `rival`: both ask for an act of which there is one object, but name another (dissolve this party, dissolve that one).

It is right more often than not, and it is wrong at times; so it labels, and never hides.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from maninso.petitions.discovery.grams import grams_of_word, normalise, stem

_CLAUSE = re.compile(
    r"[,!?&;…()\[\]{}]|\.(?=\s|$)|하며|하고|이며|오히려|그리고| 및 |(?<=[가-힣][과와]) |\band\b|\bbut\b|\binstead\b"
)
_WORD = re.compile(r"[^\W_]+")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What refuses whatever stands before it (in English: behind it).
_REFUSALS = _words(
    """
    반대 철회 거부 저지 취소 무효 막아 막자 멈춰 멈추 안됩 안된 안되 안돼 말아 말라 마세요 마십시 말것
    하지마 않도록 않게 않아야 아니됩 아니되 규탄 항의 폐기 중단 중지 금지 불허 반박
    """
)
# What takes something or somebody away, or is done against them.
_REMOVALS = _words(
    """
    폐지 해산 해체 탄핵 사퇴 하야 퇴진 해임 파면 경질 박탈 제명 재명 폐쇄 철거 추방 처벌 구속 엄벌 징계
    고발 수사 물러나 내려오 없애 삭제 축소 철수 불참 보이콧 보이코트 boycott 끌어내 교체 직위해제 은퇴
    """
)
# What keeps, gives or brings something; it is for what stands before it.
_SUPPORTS = _words(
    """
    찬성 지지 응원 허용 허락 허가 유지 존속 보호 지켜 지키 임명 석방 사면 무죄 선처 재개 도입 연장 늘려
    복귀 살려 구해 보장 인정 승인 추진 가동 합법화 정규직화
    """
)
_ENGLISH_REFUSALS = _words(
    """
    against oppose stop not no never reject withdraw cancel ban prevent
    """
)
_ENGLISH_REMOVALS = _words(
    """
    abolish dissolve impeach resign dismiss remove close punish scrap repeal demolish arrest prosecute
    fire reduce end boycott
    """
)
_ENGLISH_SUPPORTS = _words(
    """
    keep support allow permit protect appoint release pardon resume introduce extend save recognise
    recognize approve legalise legalize build open reopen
    """
)
# What is said in titles whatever they are about.
_EMPTY = _words(
    """
    주세요 주십시오 주십시요 바랍니다 부탁드립니다 합니다
    청원 국민청원 요청 요구 부탁 촉구 강력 절대 즉각 당장 반드시 제발 적극 대한 관련 위한 정당 국민
    대한민국 대통령 대통령님 국회의원 의원 정부 장관 우리 정당해산 정당해체 결사 전면 petition please
    the a an of to for in on our this that call demand we it
    """
)
_ENGLISH_CUES = frozenset(stem(word) for word in _ENGLISH_REFUSALS | _ENGLISH_REMOVALS | _ENGLISH_SUPPORTS)
_CUES = sorted(_REFUSALS | _REMOVALS | _SUPPORTS, key=lambda cue: (-len(cue), cue))
_CUE = re.compile("|".join(_CUES))
_ABOUT = re.compile("(에대하여|에대해|에관하여|에관해|관련)$")  # a title that only says what it is about
_ENDING = re.compile("(을|를|이|가|은|는|의|에|도|로|과|와|들|님|에게|에서|으로)$")
_ASKING = re.compile(
    "(합니다|하세요|하십시오|하라|하자|해줘요?|해주세요|해주십시[오요]|해주시기|드립니다|바랍니다|입니다|됩니다)$"
)
# Acts that are the same in other words, and those that two petitions can ask for of two rivals.
_ACTS = {
    **{"해체": "해산", "하야": "사퇴", "퇴진": "사퇴", "해임": "사퇴", "파면": "사퇴"},
    **{"경질": "사퇴", "물러나": "사퇴", "resign": "dismiss", "remove": "dismiss"},
}
_OF_ONE = frozenset(("해산", "사퇴", "탄핵", "임명", "제명", "dissolve", "dismiss", "impeach", "appoint"))
_RESCUES = frozenset(("살려", "구해", "지켜", "지키", "보호", "protect", "save"))
_PARTICLES = frozenset("을를이")  # of these alone: 가, 은 and 는 end too many nouns and verbs
_ENOUGH = 2  # grams that two clauses have to share to be about the same


@dataclass(frozen=True)
class Clause:
    """One clause of a title: the words it names, the act it asks for, and whether it is for what it names.

    `targets` are the last of the words and those that a particle marks as what something is done to, or what does it.
    """

    named: tuple[str, ...]
    targets: tuple[str, ...]
    act: str  # "" where none is known
    is_for: bool
    is_told: bool  # whether a cue says so

    @cached_property
    def grams(self) -> frozenset[str]:
        """The pairs of neighbouring characters of what it names; words in letters are whole."""
        return _grams_of(self.named)


def _grams_of(words: Sequence[str]) -> frozenset[str]:
    grams = [grams_of_word(word)[:1] if word.isascii() else grams_of_word(word) for word in words]
    return frozenset(gram for each in grams for gram in each)


@lru_cache(maxsize=1000)  # a draft's title is compared with those of hundreds
def read_clauses(title: str) -> tuple[Clause, ...]:
    """Take a title apart; a clause without a cue belongs to the next, one that names nothing is of the last names."""
    clauses: list[Clause] = []
    waiting = ""
    for part in _CLAUSE.split(normalise(title)):
        clause = _read_clause(f"{waiting} {part}")
        if not clause.is_told:
            waiting = f"{waiting} {part}"
            continue
        waiting = ""
        if not clause.named and clauses:
            clause = replace(clause, named=clauses[-1].named, targets=clauses[-1].targets)
        if clause.named:
            clauses.append(clause)
    return tuple(clauses)


def _read_clause(text: str) -> Clause:
    words = _WORD.findall(text)
    joined = "".join(words)
    stems = [word.removesuffix("s").removesuffix("ing") for word in words]
    cues = [] if _ABOUT.search(joined) else _CUE.findall(joined) + [word for word in stems if word in _ENGLISH_CUES]
    refusals = [cue for cue in cues if cue in _REFUSALS or cue in _ENGLISH_REFUSALS]
    removals = [cue for cue in cues if cue in _REMOVALS or cue in _ENGLISH_REMOVALS]
    supports = [cue for cue in cues if cue in _SUPPORTS or cue in _ENGLISH_SUPPORTS]
    act = next(iter(removals or supports), "")
    named = tuple(_list_named(words))
    return Clause(
        named=named,
        targets=(*_list_named([word for word in words if len(word) > 2 and word[-1] in _PARTICLES]), *named[-1:]),
        act=_ACTS.get(act, act),
        is_for=(len(refusals) + bool(removals)) % 2 == 0,
        is_told=bool(cues),
    )


def _list_named(words: Sequence[str]) -> Iterator[str]:
    for word in words:
        if word.isascii():
            if word not in _EMPTY and stem(word) not in _ENGLISH_CUES:
                yield stem(word)
            continue
        rest = word
        for cue in _CUES if _CUE.search(word) else ():
            rest = rest.partition(cue)[0] if cue in rest else rest
        rest = _ENDING.sub("", _ASKING.sub("", rest))
        if rest not in _EMPTY and len(rest) > 1:
            yield rest


def compare_stances(mine: str, theirs: str, *, my_text: str = "", their_text: str = "") -> str:
    """Return "turned" or "rival" where the titles of two petitions seem to ask for opposite things, else "".

    The texts tell whether two names may be of one: a minister by name, and by office.
    """
    pairs = [(one, other) for one in read_clauses(mine) for other in read_clauses(theirs)]
    shared = [(one, other, len(_list_shared(one, other))) for one, other in pairs]
    if any(one.is_for == other.is_for and grams for one, other, grams in shared):
        return ""
    if any(one.is_for != other.is_for and grams >= _ENOUGH and _meet(one, other) for one, other, grams in shared):
        return "turned"
    texts = (normalise(f"{mine} {my_text}"), normalise(f"{theirs} {their_text}"))
    if any(_are_rivals(one, other, texts) for one, other in pairs):
        return "rival"
    return ""


def _list_shared(one: Clause, other: Clause) -> frozenset[str]:
    """Return the grams that what two clauses name shares.

    Where both ask for one act of which there is one object, an ending that only says the kind (this party, that party)
    is not shared.
    """
    shared = one.grams & other.grams
    if one.act not in _OF_ONE or one.act != other.act:
        return shared
    longer = [(a, b) for a in one.named for b in other.named if len(a) > 2 < len(b) and not a.isascii()]
    return shared - {a[-2:] for a, b in longer if a[-2:] == b[-2:] and a[-3] != b[-3]}


def _meet(one: Clause, other: Clause) -> bool:
    """Whether two clauses can be for and against one thing: "save them" and "stop their return" ask for the same."""
    if one.act not in _RESCUES and other.act not in _RESCUES:
        return True
    return bool(_grams_of(one.targets) & _grams_of(other.targets))


def _are_rivals(one: Clause, other: Clause, texts: tuple[str, str]) -> bool:
    """Whether two clauses ask for the same act, of which there is one object, but name others."""
    if one.act not in _OF_ONE or one.act != other.act or one.is_for != other.is_for or _list_shared(one, other):
        return False
    ours, others = (*one.named, "".join(one.named)), (*other.named, "".join(other.named))
    if any(_abbreviates(a, b) or _abbreviates(b, a) for a in ours for b in others):
        return False
    if any(a[-1] == b[-1] for a in one.named for b in other.named):
        return True  # two of a kind: this party, that party
    return not any(name in texts[1] for name in one.named) and not any(name in texts[0] for name in other.named)


def _abbreviates(short: str, long: str) -> bool:
    """Whether a word takes the first character of another and more of it in their order, as Korean abbreviations do."""
    rest = iter(long)
    return len(short) < len(long) and short[0] == long[0] and all(character in rest for character in short)

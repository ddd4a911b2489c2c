"""A charter's words in Korean and English: the names of figures, and values as people read them."""

from collections.abc import Mapping
from datetime import date

from maninso.charter.base import Length, Text
from maninso.charter.thresholds import Deadline, ExtensionRule


def _text(ko: str, en: str) -> Text:
    return Text(ko=ko, en=en)


YES, NO, NONE = _text("예", "yes"), _text("아니요", "no"), _text("없음", "none")
NOT_STATED = _text("파일에 없음(프로그램 기본값)", "not stated (the program's default)")

HEADINGS: Mapping[str, Text] = {
    "general": _text("기관", "Institution"),
    "in_force": _text("시행 기간", "In force"),
    "calendar": _text("휴일과 회의일", "Days off and sittings"),
    "sponsors": _text("공개 전 찬성인", "Sponsors"),
    "organisers": _text("발의인단", "Organisers"),
    "gate_keeper": _text("소개자", "Gate-keeper"),
    "review": _text("요건 심사", "Check of requirements"),
    "collecting": _text("서명 기간", "Collecting"),
    "submission": _text("제출", "Submission"),
    "counting": _text("집계", "Counting"),
    "threshold": _text("기준", "Threshold"),
    "regional": _text("지역 요건", "regional rule"),
    "earlier": _text("이전 기준", "earlier amount"),
    "obligation": _text("의무", "what is owed"),
    "step": _text("중간 의무", "owed on the way"),
    "deadline": _text("기한", "deadline"),
    "text": _text("글의 한도", "Text limits"),
    "signer": _text("서명할 수 있는 사람", "Who may sign"),
    "creator": _text("청원할 수 있는 사람", "Who may create"),
    "disclosure": _text("이름 공개", "Names shown"),
    "duplicates": _text("중복 청원", "Duplicates"),
    "retention": _text("보관", "Retention"),
    "blackout": _text("공개 중단 기간", "Blackout"),
    "blackouts": _text("공개 중단 기간", "Blackouts"),
    "dissolution": _text("해산", "Dissolution"),
    "regions": _text("지역", "Regions"),
    "rejection_reasons": _text("반려 사유", "Reasons for rejection"),
}

FIGURES: Mapping[str, Text] = {
    "additional_max": _text("추가 글 최대", "Additional text, at most"),
    "after_closing": _text("종료 후", "After closing"),
    "all_regions": _text("모든 지역", "Every region"),
    "also_written": _text("다른 지역 부호", "Other region codes"),
    "at_least": _text("서명 수(이상)", "Signatures, at least"),
    "attempts": _text("시도 횟수", "Attempts"),
    "basis": _text("근거", "Basis"),
    "best_effort": _text("노력 기한", "Best effort"),
    "body_max": _text("본문 최대", "Body, at most"),
    "body_unit": _text("본문 단위", "Body counted in"),
    "choices": _text("선택할 수 있는 기간", "Lengths to choose from"),
    "citizenship": _text("국적", "Citizenship"),
    "closes_all": _text("모든 청원 종료", "Closes all petitions"),
    "country": _text("공휴일을 따르는 나라", "Public holidays of"),
    "days_off": _text("그 밖의 휴일", "Further days off"),
    "debts_lapse": _text("답변 의무도 실효", "What is owed lapses too"),
    "sitting_days": _text("회의일", "Days of sitting"),
    "subdivision": _text("그 안의 지역", "In its subdivision"),
    "count": _text("인원", "Number"),
    "counted_from": _text("기산점", "Counted from"),
    "creator_name": _text("청원인 이름", "Creator's name"),
    "deadline": _text("기한", "Deadline"),
    "declines": _text("답변하지 않을 수 있는 사유", "Grounds to decline"),
    "disposable_mail": _text("일회용 전자우편 주소", "Throw-away mail addresses"),
    "earlier": _text("이전 기준", "Earlier amounts"),
    "extensions": _text("연장", "Extensions"),
    "identity": _text("본인 확인", "Identity"),
    "label": _text("이름", "Name"),
    "lapses": _text("놓치면 실효", "Lapses otherwise"),
    "lapses_on": _text("실효 사유", "Grounds on which it lapses"),
    "length": _text("길이", "Length"),
    "links_allowed": _text("링크 허용", "Links allowed"),
    "mail_domains": _text("전자우편 도메인", "Mail domains"),
    "maximum": _text("최대", "At most"),
    "grace_hours": _text("종료 전 신청자의 확인 시간(시간)", "Hours to confirm what was asked for in time"),
    "minimum_age": _text("최소 나이", "Minimum age"),
    "minimum_assurance": _text("본인 확인 수준(0–3)", "Minimum assurance (0–3)"),
    "more_than": _text("서명 수(초과)", "Signatures, more than"),
    "obligation": _text("의무", "What is owed"),
    "or_next_sitting_day": _text("또는 다음 회의일", "Or the next sitting day"),
    "regional": _text("지역 요건", "Regional rule"),
    "regions": _text("서로 다른 지역", "Different regions"),
    "regions_needed": _text("필요한 지역 수", "Regions needed"),
    "residence": _text("거주지", "Residence"),
    "roles": _text("역할", "Roles"),
    "scheme": _text("하나의 본인 확인 방식", "The one way to prove who you are"),
    "secret_link": _text("비공개 링크", "By secret link"),
    "shorter_allowed": _text("단축 가능", "May be shorter"),
    "signatures": _text("세는 서명", "Signatures counted"),
    "signer_names": _text("서명인 이름", "Signers' names"),
    "since": _text("시작일", "From"),
    "start_within": _text("시작 시한", "To start within"),
    "starts": _text("시작", "Starts at"),
    "steps": _text("중간 의무", "Owed on the way"),
    "stops_collecting": _text("도달하면 서명 종료", "Collecting stops when reached"),
    "tables": _text("지역별 최소 서명 수", "Minimum by region"),
    "target": _text("목표", "Aim"),
    "title_max": _text("제목 최대", "Title, at most"),
    "title_unit": _text("제목 단위", "Title counted in"),
    "undone_by_voids": _text("무효 처리로 취소", "Undone by later voids"),
    "until": _text("종료일", "To"),
    "what": _text("내용", "What"),
    "while_open": _text("진행 중인 같은 청원 금지", "Not while the same request is open"),
    "who": _text("누가", "Who"),
    "why": _text("사유", "Why"),
    "window": _text("기한", "Window"),
    "within": _text("기한", "Within"),
    "withdrawals": _text("서명 철회 허용", "Signers may withdraw"),
}

CHOICES: Mapping[str, Text] = {
    "always": _text("항상", "always"),
    "certification": _text("확인", "certification"),
    "characters": _text("글자", "characters"),
    "chosen date": _text("청원인이 고른 날", "a date the petitioner chooses"),
    "closing": _text("서명 종료", "closing"),
    "marked": _text("집계하되 표시함", "counted, and marked"),
    "never": _text("공개하지 않음", "never"),
    "once verified": _text("확인된 뒤", "once verified"),
    "posting": _text("등록", "posting"),
    "publication": _text("공개", "publication"),
    "raw": _text("접수된 서명", "as they come in"),
    "refused": _text("받지 않음", "refused"),
    "submission": _text("제출", "submission"),
    "threshold": _text("기준 도달", "reaching the threshold"),
    "verified": _text("확인된 서명", "verified ones"),
    "while open": _text("진행 중에만", "while open"),
    "words": _text("낱말", "words"),
}

_UNITS_KO: Mapping[str, str] = {
    "day": "{}일",
    "week": "{}주",
    "month": "{}개월",
    "year": "{}년",
    "working day": "근무일 {}일",
    "sitting day": "회의일 {}일",
    "sitting week": "회의 주간 {}주",
}


def say_length(length: Length, language: str) -> str:
    """Returns a length of time in words: `30 days`, `30일`."""
    return _text(_UNITS_KO[length.unit].format(length.count), length.render()).in_language(language)


def say_deadline(deadline: Deadline, language: str) -> str:
    """Returns a deadline in words: its length, what it counts from, and what softens it."""
    within, moment = say_length(deadline.within, language), CHOICES[deadline.counted_from].in_language(language)
    said = _text(f"{moment} 후 {within}", f"{within} from {moment}").in_language(language)
    if deadline.or_next_sitting_day:
        said += _text(" 또는 다음 회의일", " or the next sitting day").in_language(language)
    if deadline.best_effort:
        said += _text(" (노력 기한)", " (best effort)").in_language(language)
    return said


def say_extension(rule: ExtensionRule, language: str) -> str:
    """Returns what one extension rule allows."""
    count = str(rule.at_most) if rule.at_most else _text("제한 없음", "any number").in_language(language)
    length = (
        say_length(rule.length, language) if rule.length else _text("정하는 대로", "as decided").in_language(language)
    )
    parts = [f"{count} × {length}"]
    if rule.decided_by:
        parts.append(rule.decided_by.in_language(language))
    if rule.reason_required:
        parts.append(_text("사유 필요", "with a reason").in_language(language))
    return ", ".join(parts)


def say_span(since: date, until: date | None) -> str:
    """Returns a span of days, both included."""
    return f"{since} – {until or ''}".rstrip()

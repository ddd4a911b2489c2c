"""Made-up petitions as read models, in every state that a page has to show."""

import datetime as dt
from typing import Any

from maninso.charter import load_preset
from maninso.petitions.access import (
    AnswerView,
    LedgerView,
    ObligationView,
    PetitionCard,
    PetitionView,
    ReceiptView,
    ResponseView,
    ThresholdView,
    WouldOwe,
)

UTC = dt.UTC
NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=UTC)  # noon in Seoul
OPENED = dt.datetime(2026, 10, 31, 1, 30, tzinfo=UTC)
CLOSES = dt.datetime(2026, 11, 30, 15, 0, tzinfo=UTC)  # the end of 30 November in Seoul
ROOT = bytes(range(32))

TITLE = "어린이보호구역마다 과속 단속 장비와 보도를 설치해 주세요"
BODY = (
    "우리 동네 초등학교 앞길에는 보도가 없습니다. 아이들은 아침마다 차 옆을 걸어서 학교에 갑니다.\n\n"
    "길 하나를 고치는 일이 몇 해째 미뤄지고 있습니다. 비용은 나라가 부담하고, 기한은 법으로 정해 주십시오.\n\n"
    "1. 모든 어린이보호구역에 과속 단속 장비 설치\n2. 통학로의 보도와 차도 분리\n3. 설치 현황을 해마다 공개"
)
ENGLISH_TITLE = "Keep the branch libraries open on Sunday afternoons"
ENGLISH_BODY = "Many of us can only visit on Sundays.\n\nPlease open every branch library from noon to six."


def make_threshold(**changes: Any) -> ThresholdView:
    """Return the threshold of 200,000."""
    return ThresholdView(
        **{
            "threshold_id": "answer",
            "label": {"ko": "정부 답변", "en": "Government answer"},
            "needed": 200_000,
            "met": False,
            "met_at": None,
            "met_leaf": None,
            "regions_met": None,
            "regions_needed": None,
            **changes,
        }
    )


def make_ledger(**changes: Any) -> LedgerView:
    """Return a ledger of 183,626 signatures, 214 of them void."""
    return LedgerView(
        **{
            "origin": "petitions.example.org/p/1/log",
            "size": 183_841,
            "signatures": 183_626,
            "voids": 214,
            "reinstated": 0,
            "root": ROOT,
            "published_at": dt.datetime(2026, 11, 21, 2, 59, 41, tzinfo=UTC),
            **changes,
        }
    )


def make_petition(**changes: Any) -> PetitionView:
    """Return an open petition with 183,412 signatures."""
    return PetitionView(
        **{
            "petition_id": 1,
            "state": "open",
            "title": TITLE,
            "body": BODY,
            "language": "ko",
            "topic": "교통·안전",
            "creator_name": "",
            "charter_id": "blue-house-2019",
            "charter_digest": load_preset("blue-house-2019").digest,
            "charter_title": {"ko": "국민청원 운영 규칙", "en": "Rules of the presidential petitions"},
            "institution": {"ko": "청와대", "en": "Office of the President"},
            "time_zone": "Asia/Seoul",
            "created_at": dt.datetime(2026, 10, 24, 5, 0, tzinfo=UTC),
            "opened_at": OPENED,
            "closes_at": CLOSES,
            "closed_at": None,
            "count": 183_412,
            "count_is_reported": False,
            "signatures_by_region": {},
            "signatures_by_assurance": {1: 1},
            "source": "",
            "source_id": "",
            "source_status": "",
            "reason_code": "",
            "reason": {},
            "reason_note": "",
            "thresholds": (make_threshold(),),
            "obligations": (),
            "would_owe": (),
            "ledger": make_ledger(),
            "updated_at": OPENED,
            **changes,
        }
    )


def make_obligation(**changes: Any) -> ObligationView:
    """Return an answer owed by 30 December 2026."""
    return ObligationView(
        **{
            "obligation_id": 7,
            "petition_id": 2,
            "petition_title": "미세먼지가 심한 날에는 버스를 무료로 운행해 주세요",
            "petition_language": "ko",
            "threshold_id": "answer",
            "what": {"ko": "공개 답변", "en": "A public answer"},
            "who": {"ko": "장관 또는 수석비서관", "en": "A minister or senior secretary"},
            "basis": {"ko": "국민청원 운영 규칙", "en": "Rules of the presidential petitions"},
            "needed": 200_000,
            "count": 200_000,
            "met_at": dt.datetime(2026, 11, 12, 4, 20, 11, tzinfo=UTC),
            "met_leaf": 200_121,
            "met_count": 200_000,
            "undone_leaf": None,
            "undone_count": None,
            "due_on": dt.date(2026, 12, 30),
            "binding": True,
            "state": "owed",
            "days_late": 0,
            "extended": 0,
            "settled_at": None,
            "decline_reason": "",
            "decline_note": "",
            "response": None,
            **changes,
        }
    )


def make_response(**changes: Any) -> ResponseView:
    """Return an answer in Korean."""
    return ResponseView(
        **{
            "author": "환경부 장관",
            "summary": "미세먼지 비상저감조치가 내려진 날, 시내버스 요금을 받지 않겠습니다.",
            "body": "여러분의 청원에 답합니다.\n\n내년 3월부터 시범으로 시작하고, 결과를 이 자리에서 알리겠습니다.",
            "language": "ko",
            "version": 1,
            "published_at": dt.datetime(2026, 11, 20, 6, 0, tzinfo=UTC),
            **changes,
        }
    )


def make_answer(*versions: ResponseView, **changes: Any) -> AnswerView:
    """Return an answer to that debt with its versions, the newest first."""
    return AnswerView(
        **{
            "answer_id": 3,
            "obligations": (7,),
            "versions": versions,
            "retracted_at": None,
            "retraction": "",
            "besides": (),
            **changes,
        }
    )


def make_card(**changes: Any) -> PetitionCard:
    """Return an open petition as a list shows it."""
    return PetitionCard(
        **{
            "petition_id": 1,
            "state": "open",
            "title": TITLE,
            "summary": "우리 동네 초등학교 앞길에는 보도가 없습니다. 아이들은 아침마다 차 옆을 걸어서 학교에 갑니다.",
            "language": "ko",
            "topic": "교통·안전",
            "opened_at": OPENED,
            "closes_at": CLOSES,
            "closed_at": None,
            "count": 183_412,
            "count_is_reported": False,
            "source": "",
            "source_id": "",
            "needed": 200_000,
            "owed": "",
            "due_on": None,
            **changes,
        }
    )


def make_receipt(**changes: Any) -> ReceiptView:
    """Return the receipt of leaf 57, sealed."""
    return ReceiptView(
        **{
            "petition_id": 1,
            "petition_title": TITLE,
            "petition_language": "ko",
            "origin": "petitions.example.org/p/1/log",
            "leaf_hash": bytes.fromhex("ab" * 32),
            "leaf_index": 57,
            "proof": b"c2sp.org/tlog-proof@v1\nindex 57\n",
            **changes,
        }
    )


def imported_petition(**changes: Any) -> PetitionView:
    """Return a petition of another site with a number reported by it."""
    return make_petition(
        **{
            "petition_id": 3,
            "state": "closed",
            "closed_at": CLOSES,
            "count": 271_806,
            "count_is_reported": True,
            "source": "blue-house",
            "source_id": "10483",
            "source_status": "답변완료",
            "thresholds": (make_threshold(met=True),),
            "would_owe": (
                WouldOwe(
                    what={"ko": "공개 답변", "en": "A public answer"},
                    who={"ko": "장관 또는 수석비서관", "en": "A minister or senior secretary"},
                    needed=200_000,
                    due_on=dt.date(2026, 12, 30),
                ),
            ),
            "ledger": None,
            **changes,
        }
    )

"""Petitions to the sample government, each with a story of its own: a law, a refusal, a ruling, a debt that waits."""

from typing import Any

from maninso.run.demo_sample import GOVERNMENT, Answer, Sample

LAW = "통학로마다 보도와 차도를 나눠 주세요"
DECLINED = "동네 도서관을 밤 10시까지 열어 주세요"
RULING = "Publish how punctual each bus line is"
OWED = "저상버스가 언제 오는지 정류장에서 알려 주세요"
LATE = "공원 화장실마다 기저귀 교환대를 놓아 주세요"
GROUPED = ("하천 산책로에 가로등을 더 놓아 주세요", "밤에 어두운 하천 산책로를 밝혀 주세요")

STORIES = (
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=LAW,
        body="""\
초등학교 둘레의 길 가운데 절반에는 보도가 없습니다. 아이들은 아침마다 차와 같은 길을 걷습니다.
길을 나누는 공사는 지방정부의 형편에 따라 몇 해씩 미뤄집니다.

1. 학교에서 300미터 안의 길에는 보도를 반드시 두게 해 주세요.
2. 보도를 놓을 수 없는 좁은 길은 차의 속도를 시속 20킬로미터로 낮춰 주세요.
3. 해마다 얼마나 나뉘었는지 공개해 주세요.""",
        topic="교통",
        creator="",
        state="closed",
        opened=345,
        signatures=1_684,
        voids=3,
        answer=Answer(
            after=24,
            author="교통 담당 장관",
            summary="통학로의 보도를 의무로 하는 법률 개정을 추진합니다.",
            body="""\
청원에 함께해 주신 여러분께 답합니다.

- 학교에서 300미터 안의 길에 보도를 두는 것을 **의무**로 하는 개정안을 이번 회기에 냅니다.
- 좁은 길의 제한 속도는 시속 20킬로미터로 낮춥니다.
- 해마다 3월에 지역별 현황을 공개합니다.""",
        ),
    ),
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=DECLINED,
        body="""\
일을 마치고 도서관에 가면 문이 닫혀 있습니다. 평일에 한 번도 들르지 못하는 사람이 많습니다.
동네 도서관을 일주일에 이틀만이라도 밤 10시까지 열어 주세요.""",
        topic="도서관",
        creator="",
        state="closed",
        opened=150,
        signatures=1_072,
    ),
    Sample(
        charter=GOVERNMENT,
        language="en",
        title=RULING,
        body="""\
Every bus reports where it is, every few seconds. Yet nobody outside the operators knows which lines are late, and by
how much. Please publish the punctuality of each line once a month, as open data.""",
        topic="Buses",
        creator="",
        state="closed",
        opened=270,
        signatures=1_193,
        voids=1,
        answer=Answer(
            after=27,
            author="Minister for Transport",
            summary="Yearly averages will be published; figures for each line belong to the operators.",
            body="""\
We will publish one figure a year for each city.

The figures for each line are held by the operators, whose contracts call them confidential. We cannot publish them
against their will.""",
        ),
    ),
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=OWED,
        body="""\
휠체어나 유모차와 함께 나서면 저상버스만 탈 수 있습니다.
다음 버스가 저상버스인지 알 수 없어 세 대를 보내고서야 타는 날도 있습니다.
정류장 안내판에 저상버스를 따로 표시해 주세요.""",
        topic="교통",
        creator="",
        state="open",
        opened=32,
        signatures=1_346,
    ),
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=LATE,
        body="""\
아이와 공원에 가면 기저귀를 갈 곳이 없어 차로 돌아갑니다. 교환대가 있어도 한쪽 화장실에만 있습니다.
공원 화장실을 새로 짓거나 고칠 때 모든 화장실에 교환대를 놓아 주세요.""",
        topic="공원",
        creator="",
        state="closed",
        opened=128,
        signatures=1_052,
        voids=2,
    ),
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=GROUPED[0],
        body="""\
하천 옆 산책로는 해가 지면 발밑이 보이지 않습니다. 자전거와 부딪칠 뻔한 사람이 한둘이 아닙니다.
다리와 다리 사이에 가로등을 더 놓아 주세요.""",
        topic="산책로",
        creator="",
        state="open",
        opened=19,
        signatures=716,
    ),
    Sample(
        charter=GOVERNMENT,
        language="ko",
        title=GROUPED[1],
        body="""\
퇴근하고 걷는 하천 산책로가 너무 어둡습니다. 낮은 조명이라도 좋으니 산책로를 밝혀 주세요.""",
        topic="산책로",
        creator="",
        state="closed",
        opened=110,
        signatures=408,
    ),
)

DECLINES: dict[str, Any] = {
    "title": DECLINED,
    "ground": "local-matter",
    "note": "도서관을 여는 시간은 지방정부가 정합니다. 청원을 시장과 군수 모두에게 보냈습니다.",
    "after": 12,  # days since it was owed
}
EXTENDED: dict[str, Any] = {
    "title": LATE,
    "length": "1 month",
    "reason": "공원 화장실 전체를 조사하는 데 한 달이 더 필요합니다.",
    "before": 3,  # days to the day due
}
FAMILY_NOTE = "같은 산책로에 같은 것을 요청합니다."

FORTUNES: tuple[dict[str, Any], ...] = (
    {
        "petition": LAW,
        "demand": "학교에서 300미터 안의 길에 보도를 반드시 두기",
        "meets": "whole",
        "register": "sample-assembly",
        "number": "의안 2044",
        "title": "통학로의 안전에 관한 법률 일부개정법률안",
        "language": "ko",
        "body": "표본 의회",
        "proposer": "정부",
        "summary": "학교 둘레의 길에 보도를 의무로 하고, 좁은 길의 속도를 낮춥니다.",
        "act_title": "통학로의 안전에 관한 법률",
        "act_number": "제1931호",
        "enacted": 96,
        "in_force": 5,
        "stages": (
            ("proposed", 250, ""),
            ("committee", 221, ""),
            ("plenary", 131, ""),
            ("passed", 128, "찬성 241, 반대 12"),
            ("promulgated", 96, ""),
            ("in-force", 5, ""),
        ),
        "provisions": (
            (
                "제4조제1항",
                "시장·군수는 통학로에 보도를 둘 수 있다.",
                "시장·군수는 학교에서 300미터 안의 통학로에 보도를 두어야 한다.",
            ),
            (
                "제4조제3항",
                "",
                "보도를 둘 수 없는 통학로에서는 차의 속도를 시속 20킬로미터 이하로 제한한다.",
            ),
            ("제9조", "현황은 필요할 때 공개할 수 있다.", "현황은 해마다 3월에 지역별로 공개한다."),
        ),
    },
    {
        "petition": RULING,
        "demand": "The punctuality of each line, once a month",
        "meets": "whole",
        "kind": "ruling",
        "register": "sample-court",
        "number": "2026 A 118",
        "title": "Punctuality of bus lines is public information",
        "language": "en",
        "body": "The sample administrative court",
        "summary": "What is measured with public money is public: the ministry has to publish it for each line.",
        "stages": (("filed", 160, ""), ("decided", 41, "")),
    },
)
"""What came of them beyond an answer; days are counted back from now."""

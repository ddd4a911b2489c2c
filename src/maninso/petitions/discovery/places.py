"""Which places a text names: provinces, cities and districts of Korea, by the names that people use.

Two petitions that ask for one thing of two places (a hospital here, a hospital there) read nearly the same.
"""

import re

from maninso.petitions.discovery.grams import normalise

_NAMES = """
    서울 부산 대구 인천 광주 대전 울산 세종 경기 강원 충북 충남 전북 전남 경북 경남 제주
    수원 성남 용인 안양 안산 과천 광명 군포 부천 시흥 김포 안성 오산 의왕 이천 평택 하남 화성 여주 양평 고양 구리 남양주
    동두천 양주 의정부 파주 포천 연천 가평 춘천 원주 강릉 속초 삼척 태백 홍천 횡성 영월 평창 정선 철원 화천 양구 인제
    청주 충주 제천 천안 공주 보령 아산 서산 논산 계룡 당진 전주 군산 익산 정읍 남원 김제 완주 목포 여수 순천 나주 광양
    포항 경주 김천 안동 구미 영주 영천 상주 문경 경산 창원 진주 통영 사천 김해 밀양 거제 양산 서귀포
    강남 송파 강동 노원 동대문 해운대 동탄 판교 일산 분당 평촌 검단 송도 청라 영종도 고덕 운정 위례
"""
_NAME = re.compile("|".join(sorted(_NAMES.split(), key=lambda name: (-len(name), name))))


def list_places(text: str) -> frozenset[str]:
    """Return the places that a text names, the longer name where one holds another; a name may be part of a word."""
    return frozenset(_NAME.findall(normalise(text)))


def are_elsewhere(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether both texts name places, and none that the other names."""
    return bool(mine and theirs) and not mine & theirs

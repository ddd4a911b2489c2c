"""The sample site's petitions: made up, on everyday matters, and chosen so that every state has one."""

from maninso.run.demo_sample import Answer, Sample
from maninso.run.demo_stories import STORIES

SAMPLES = (
    Sample(
        charter="university",
        language="ko",
        title="시험 기간 3주 동안 중앙도서관을 24시간 열어 주세요",
        body="""\
시험 기간이 되면 밤 11시에 도서관 문이 닫히고, 학생들은 자리를 찾아 학교 밖 카페로 나갑니다.
밤늦게 캠퍼스를 오가는 길은 어둡고, 카페 이용료도 부담이 됩니다.

중간고사와 기말고사 기간 3주만이라도 1층 열람실을 24시간 열어 주세요.
경비 인력은 지금도 밤새 근무하므로, 출입 기록 장치를 1층에 두는 것으로 충분합니다.""",
        topic="도서관",
        creator="김가람",
        state="open",
        opened=12,
        signatures=47,
    ),
    Sample(
        charter="uk-parliament",
        language="en",
        title="Put a zebra crossing outside every primary school",
        body="""\
Many primary schools open onto a road without any marked crossing. Parents are asked to wait for a gap in the
traffic twice a day. A marked crossing costs little, needs no staff, and tells drivers where to expect children.""",
        topic="Road safety",
        creator="Robin Sample",
        state="open",
        opened=75,
        signatures=9_962,
        voids=14,
    ),
    Sample(
        charter="blue-house-2019",
        language="ko",
        title="어린이 보호구역 횡단보도의 보행 신호를 5초 늘려 주세요",
        body="""\
학교 앞 횡단보도의 보행 신호는 어른의 걸음을 기준으로 정해져 있습니다.
여덟 살 아이가 가방을 메고 건너면 중간에서 빨간불로 바뀌는 곳이 많습니다.

1. 어린이 보호구역의 보행 신호를 지금보다 5초 늘려 주세요.
2. 남은 시간을 숫자로 보여 주는 표시를 함께 달아 주세요.
3. 신호를 바꾼 뒤 석 달 동안의 사고 수를 공개해 주세요.""",
        topic="교통",
        creator="",
        state="open",
        opened=9,
        signatures=3_412,
    ),
    Sample(
        charter="university",
        language="en",
        title="Covered bicycle racks at the north gate",
        body="""\
The racks at the north gate hold forty bicycles, stand in the rain, and are full by nine in the morning. Please
build covered racks for at least a hundred and twenty, with a pump and a stand for small repairs.""",
        topic="Cycling",
        creator="Jamie Example",
        state="open",
        opened=0,
    ),
    Sample(
        charter="taiwan-join",
        language="en",
        title="Show the air quality at every bus stop with a display",
        body="""\
The displays at bus stops know when the next bus comes, and they are connected all day. The stations that measure
fine dust publish their figures every hour. Show the nearest station's figure on each display, with the colour that
the weather service uses, so that people can decide whether to wait inside.""",
        topic="Air quality",
        creator="Sam Placeholder",
        state="open",
        opened=41,
        signatures=5_318,
        voids=3,
    ),
    Sample(
        charter="uk-parliament",
        language="en",
        title="Keep small public libraries open on Saturdays",
        body="""\
Most people who work can use a library only at the weekend. Yet when hours are cut, Saturday goes first. Set a
minimum of four Saturday hours for every public library, and fund it.""",
        topic="Libraries",
        creator="Alex Madeup",
        state="open",
        opened=110,
        signatures=10_847,
        voids=6,
    ),
    Sample(
        charter="uk-parliament",
        language="en",
        title="Limit night-time noise from road works near homes",
        body="""\
Road works next to homes often run through the night for weeks. Require contractors to finish the loudest work by
eleven at night, to say in advance which nights will be loud, and to publish what was measured.""",
        topic="Noise",
        creator="Chris Invented",
        state="closed",
        opened=300,
        signatures=10_306,
        voids=5,
        answer=Answer(
            after=16,
            author="Department for Transport",
            summary="The loudest work near homes will have to end by 11 pm from next April.",
            body="""\
The Government agrees that night work close to homes should be the exception.

From next April, permits for road works within fifty metres of homes will require breaking and cutting to end by 11
pm, except in emergencies. Contractors will have to publish their noise measurements within two weeks. Local
authorities keep the power to set stricter hours.""",
        ),
    ),
    Sample(
        charter="university",
        language="ko",
        title="학생식당에 채식 식단을 매일 한 가지 놓아 주세요",
        body="""\
지금은 채식 식단이 일주일에 두 번만 나옵니다. 나머지 날에는 밥과 김치만 담는 학생이 많습니다.
매일 점심에 한 가지씩만 채식 식단을 놓아 주시고, 들어간 재료를 표시해 주세요.""",
        topic="급식",
        creator="이나래",
        state="closed",
        opened=80,
        signatures=64,
        voids=1,
        answer=Answer(
            after=21,
            author="학생지원팀",
            summary="다음 학기부터 점심마다 채식 식단 한 가지를 제공하고 재료를 표시합니다.",
            body="""\
청원에 감사드립니다.

식당 운영업체와 협의하여 다음 학기 첫날부터 점심마다 채식 식단 한 가지를 제공하기로 했습니다.
모든 식단의 재료와 알레르기 유발 성분은 배식대와 학교 누리집에 함께 표시합니다.
한 학기 동안 이용 수를 공개하고, 그 결과에 따라 저녁에도 넓힐지 정하겠습니다.""",
        ),
    ),
    Sample(
        charter="university",
        language="ko",
        title="자정까지 다니는 셔틀버스를 평일에도 운행해 주세요",
        body="""\
실험실에서 늦게 나오는 학생은 평일 밤 10시 뒤에 기숙사까지 30분을 걸어야 합니다.
주말에 다니는 자정 셔틀을 평일에도 한 시간에 한 번 운행해 주세요.""",
        topic="교통",
        creator="박다온",
        state="closed",
        opened=52,
        signatures=58,
    ),
    Sample(
        charter="blue-house-2019",
        language="ko",
        title="동네 놀이터에 그늘막과 음수대를 설치해 주세요",
        body="""\
여름에는 놀이터의 미끄럼틀이 뜨거워 아이들이 탈 수 없습니다. 물을 마실 곳도 없습니다.
공공 놀이터를 새로 짓거나 고칠 때 그늘막과 음수대를 반드시 두도록 기준을 정해 주세요.""",
        topic="놀이터",
        creator="",
        state="closed",
        opened=64,
        signatures=1_204,
    ),
    Sample(
        charter="canada-commons",
        language="en",
        title="Mark bus lanes so that cyclists know whether they may use them",
        body="""\
Some bus lanes are open to bicycles and some are not, and the signs differ from one city to the next. We ask the
House to recommend one national sign and one road marking for each of the two cases.""",
        topic="Bus lanes",
        creator="Taylor Fictional",
        state="closed",
        opened=95,
        length="60 days",
        signatures=612,
    ),
    Sample(
        charter="senedd",
        language="en",
        title="Publish the waiting times of rural bus connections",
        body="""\
A timetable says when a bus leaves, but not how often the connection is missed. Publish each month, for every rural
interchange, how many connections were kept and how long people waited when they were not.""",
        topic="Buses",
        creator="Morgan Nobody",
        state="open",
        opened=33,
        signatures=268,
    ),
    Sample(
        charter="university",
        language="ko",
        title="학교를 더 좋게 만들어 주세요",
        body="""\
학교가 지금보다 더 좋아졌으면 합니다. 여러 가지를 살펴봐 주세요.""",
        topic="",
        creator="최마루",
        state="rejected",
        opened=20,
        reason="unclear",
        note="무엇을 바꾸기를 원하는지 적어서 다시 내 주세요.",
    ),
    Sample(
        charter="university",
        language="en",
        title="Buy your textbooks at my shop",
        body="""\
My shop near the east gate sells used textbooks at half their price. Please put a link to it on the university's
pages.""",
        topic="",
        creator="Casey Imaginary",
        state="hidden",
        opened=25,
        reason="advertising",
    ),
    Sample(
        charter="university",
        language="ko",
        title="기숙사 세탁실에 건조기를 두 대 더 놓아 주세요",
        body="""\
주말이면 건조기 앞에 두 시간씩 줄을 섭니다. 빈 자리가 있는 지하 세탁실에 두 대를 더 놓아 주세요.""",
        topic="기숙사",
        creator="정바다",
        state="withdrawn",
        opened=26,
        signatures=23,
        ended=8,
        note="학교가 건조기를 새로 들여놓아서 철회합니다.",
    ),
    Sample(
        charter="university",
        language="en",
        title="Longer opening hours for the sports hall",
        body="""\
The sports hall closes at nine, just when the last laboratory courses end. Please keep it open until eleven on two
evenings a week.""",
        topic="Sports",
        creator="Drew Pretend",
        state="removed",
        opened=70,
        signatures=31,
        ended=30,
        reason="personal-data",
        note="The text named a member of staff.",
    ),
    Sample(
        charter="university",
        language="ko",
        title="강의실 창문에 소음을 줄이는 이중창을 달아 주세요",
        body="""\
큰길 쪽 강의실에서는 창문을 열면 강의가 들리지 않고, 닫으면 여름에 견디기 어렵습니다.
큰길 쪽 강의실 열두 곳에 이중창을 달아 주세요.""",
        topic="소음",
        creator="한여울",
        state="moderation",
        opened=2,
    ),
    Sample(
        charter="university",
        language="ko",
        title="자전거 보관대를 강의동마다 놓아 주세요",
        body="""\
강의동 앞 난간마다 자전거가 묶여 있어 휠체어가 지나가지 못합니다.
지붕 있는 보관대를 건물마다 하나씩 놓아 주세요. 사진이 필요하면 010-0000-0000으로 연락해 주세요.""",
        topic="교통",
        creator="김가람",
        state="moderation",
        opened=9,
    ),
    Sample(
        charter="blue-house-2019",
        language="ko",
        title="버스 정류장마다 의자를 놓아 주세요",
        body="""\
버스를 기다리는 어르신이 앉을 곳이 없습니다. 정류장마다 의자를 두 개씩 놓아 주세요.""",
        topic="교통",
        creator="",
        state="moderation",
        opened=6,
    ),
    Sample(
        charter="senedd",
        language="en",
        title="Keep the coast path open in winter",
        body="""\
Part of the coast path is closed from November on. Please keep it open, and put up a sign where it is slippery.""",
        topic="Paths",
        creator="Robin Sample",
        state="moderation",
        opened=1,
    ),
    Sample(
        charter="university",
        language="en",
        title="Free drinking water in every building",
        body="""\
Some buildings have a fountain on each floor, others have none. Please put at least one place to fill a bottle into
every building that has lecture rooms.""",
        topic="Water",
        creator="Riley Sample",
        state="gathering",
        opened=1,
    ),
    Sample(
        charter="we-the-people",
        language="en",
        title="Let every bus stop show when the next bus comes",
        body="""\
Most stops have a timetable and nothing else. A small display costs little and tells people whether to wait or to
walk.""",
        topic="Transport",
        creator="Robin Sample",
        state="lapsed",
        opened=40,
    ),
    Sample(
        charter="taiwan-join",
        language="en",
        title="Put a pump and tools for bicycles at every metro station",
        body="""\
Whoever has a flat tyre on the way to the metro pushes the bicycle home. A pump and a few tools on a chain cost less
than one parking space. Please put them at every station, where staff can keep an eye on them.""",
        topic="Cycling",
        creator="Quinn Example",
        state="closed",
        opened=160,
        signatures=5_106,
        answer=Answer(
            after=71,
            author="Department of Rapid Transit",
            summary="Every station with bicycle parking gets a pump and tools by the end of next year.",
            body="""\
We are sorry that this answer comes late: two departments had to agree on who looks after the tools.

1. Every station with bicycle parking gets a pump and a set of tools by the end of next year.

2. Broken ones can be reported at the counter and are replaced within a week.""",
        ),
    ),
    *STORIES,
)

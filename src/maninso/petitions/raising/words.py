"""What letters to a creator say, in the petition's language: Korean, else English."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """A letter's subject and text."""

    subject: str
    body: str


def _choose(language: str, ko: Words, en: Words) -> Words:
    return ko if language.partition("-")[0] == "ko" else en


def write_received(language: str, *, page: str) -> Words:
    """Return the letter that brings the creator's link."""
    return _choose(
        language,
        Words(
            "청원이 접수되었습니다",
            f"청원을 접수했습니다. 아래 주소는 청원인만의 페이지입니다. 아무에게도 보여 주지 마세요.\n\n{page}\n\n"
            "이 페이지에서 첫 동의자를 모을 주소와 QR 코드를 받고, 심사와 답변을 확인할 수 있습니다.",
        ),
        Words(
            "Your petition was handed in",
            f"We have your petition. The address below is your own page; show it to nobody.\n\n{page}\n\n"
            "There you find the link and the QR code for your first supporters, the decision, and what is owed to you.",
        ),
    )


def write_sponsored(language: str, *, sponsors: int, missing: int) -> Words:
    """Return the letter that says that a sponsor came, and how many are missing."""
    return _choose(
        language,
        Words(
            f"첫 동의자 {sponsors}명, {missing}명 남았습니다",
            f"한 사람이 청원에 동의했습니다. 지금까지 {sponsors}명이며, {missing}명이 더 동의하면 심사가 시작됩니다.",
        ),
        Words(
            f"{sponsors} supporter{'' if sponsors == 1 else 's'}, {missing} to go",
            f"Somebody supported your petition: {sponsors} so far. With {missing} more it goes to be checked.",
        ),
    )


def write_enough(language: str) -> Words:
    """Return the letter that says that the petition is being checked."""
    return _choose(
        language,
        Words("심사가 시작되었습니다", "첫 동의자가 모두 모였습니다. 이제 청원을 규칙에 따라 심사합니다."),
        Words(
            "Your petition is being checked",
            "It has the supporters it needs, and is now checked against the rules.",
        ),
    )


def write_lapsed(language: str) -> Words:
    """Return the letter that says that too few sponsors came in time."""
    return _choose(
        language,
        Words("기간이 끝났습니다", "정해진 기간 안에 첫 동의자가 모이지 않아 청원을 마칩니다. 다시 올릴 수 있습니다."),
        Words("The time is over", "Too few supporters came in time, so it ends here. You may raise it again."),
    )

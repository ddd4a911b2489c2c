"""What letters about a decision say, in the petition's language: Korean, else English. The office may change them."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LetterText:
    """A letter's subject and text."""

    subject: str
    body: str


def write_decision(
    kind: str,
    *,
    language: str,
    title: str,
    reason: Mapping[str, str],
    note: str,
    twin: tuple[int, str] | None = None,
) -> LetterText:
    """Return the letter that tells a creator of a decision: `kind` is approve, reject, hide or remove.

    `twin` is the number and the title of a petition that asks for the same.
    """
    korean = language.partition("-")[0] == "ko"
    why = reason.get("ko" if korean else "en", "")
    subjects, bodies = (_KO_SUBJECTS, _KO_BODIES) if korean else (_EN_SUBJECTS, _EN_BODIES)
    body = bodies[kind].format(title=title, reason=why)
    if twin is not None:
        body += "\n\n" + (_KO_TWIN if korean else _EN_TWIN).format(number=twin[0], title=twin[1])
    if note:
        body += f"\n\n{note}"
    if kind != "approve":
        body += "\n\n" + (_KO_APPEAL if korean else _EN_APPEAL)
    return LetterText(subjects[kind], body)


def write_restored(language: str) -> LetterText:
    """Return the letter that says that a decision was taken back."""
    if language.partition("-")[0] == "ko":
        return LetterText("청원을 다시 심사합니다", "앞의 결정을 거두고 청원을 다시 심사합니다.")
    return LetterText("Your petition is looked at again", "The decision was taken back; it is checked once more.")


_KO_SUBJECTS = {
    "approve": "청원이 공개되었습니다",
    "reject": "청원이 반려되었습니다",
    "hide": "청원이 비공개 처리되었습니다",
    "remove": "청원이 내려졌습니다",
}
_EN_SUBJECTS = {
    "approve": "Your petition is open",
    "reject": "Your petition was not admitted",
    "hide": "Your petition was hidden",
    "remove": "Your petition was taken down",
}
_KO_BODIES = {
    "approve": "‘{title}’ 청원이 심사를 마치고 공개되었습니다. 이제 서명할 수 있으며, 본문은 바뀌지 않습니다.",
    "reject": "‘{title}’ 청원을 공개하지 않기로 했습니다.\n\n이유: {reason}",
    "hide": "‘{title}’ 청원을 공개하지 않고 본문을 가리기로 했습니다.\n\n이유: {reason}",
    "remove": "‘{title}’ 청원을 내렸습니다. 번호와 날짜, 서명 수, 이유는 기록에 남습니다.\n\n이유: {reason}",
}
_EN_BODIES = {
    "approve": "“{title}” was checked and is open. Anyone may sign it now, and its text does not change any more.",
    "reject": "“{title}” was not admitted.\n\nReason: {reason}",
    "hide": "“{title}” was not admitted, and its text is kept from the public.\n\nReason: {reason}",
    "remove": "“{title}” was taken down. Its number, dates, count and the reason stay on record.\n\nReason: {reason}",
}
_KO_TWIN = "같은 내용의 청원이 있습니다: {number}번 ‘{title}’"
_EN_TWIN = "Another petition asks for the same: number {number}, “{title}”."
_KO_APPEAL = "동의하지 않으면 청원인 페이지에서 이의를 제기할 수 있습니다. 결정한 사람이 아닌 다른 사람이 다시 봅니다."
_EN_APPEAL = "If you disagree, you may appeal on your petition's own page. Somebody else looks at it again."

"""What the types of the API's answers are made of."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-21T03:00:00.000Z"])]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}, examples=["2026-11-30"])]
Hex = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, in hexadecimal digits")]
Language = Literal["ko", "en"]
Words = Annotated[dict[str, str], Field(description="A text by language: `ko`, `en`")]
State = Literal["gathering", "moderation", "open", "closed", "rejected", "withdrawn", "lapsed", "hidden", "removed"]
Debt = Literal["owed", "kept", "declined", "lapsed"]

T = TypeVar("T")


class Answer(BaseModel):
    """A part of an answer; names never change, and new ones may come."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class Links(Answer):
    """Where this page is, and where the next one begins."""

    self: str
    next: str | None


class Page(Answer, Generic[T]):
    """One page of a list. Follow `links.next` until it is null."""

    links: Links
    data: list[T]

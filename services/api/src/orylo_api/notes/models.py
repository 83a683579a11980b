from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from orylo_api.http.fields import CustomerId, Page, PaymentId, RequestPart, ResponseBody
from orylo_api.notes.contents import MAX_LENGTH, NoteHint, checked_text

NoteText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_LENGTH, strip_whitespace=True, pattern=r"^[^\x00]*$"),
    AfterValidator(checked_text),
]


class NoteSubject(StrEnum):
    CUSTOMER = "customer"
    PAYMENT = "payment"


class CustomerNotePath(RequestPart):
    id: CustomerId
    note_id: UUID = Field(description="the note's id, as the list returns it")


class PaymentNotePath(RequestPart):
    id: PaymentId
    note_id: UUID = Field(description="the note's id, as the list returns it")


class NewNote(RequestPart):
    text: NoteText = Field(
        description="must not hold personal data; a text with a card's number is refused",
        examples=["Called the shop about the delivery: the order is real."],
    )


class Note(ResponseBody):
    id: UUID
    text: str = Field(examples=["Called the shop about the delivery: the order is real."])
    author: str = Field(description="a user's email address or an API key's name", examples=["bia@loja.example"])
    own: bool = Field(description="whether the caller wrote it, and so may delete it")
    hints: list[NoteHint] = Field(
        description="personal data that the text seems to hold. It is better written without them", examples=[["email"]]
    )
    created_at: datetime


class NotePage(Page[Note]):
    pass


class NoteChangeKind(StrEnum):
    ADDED = "added"
    DELETED = "deleted"


class NoteChange(ResponseBody):
    """A note was written or deleted. It does not hold the text: nothing of a deleted note is kept."""

    note_id: UUID
    payment_id: str | None = Field(description="of a note on a payment", examples=["stripe:pi_3SVk2c"])
    customer_id: str | None = Field(description="of a note on a customer", examples=["cus_282a2fe6"])
    change: NoteChangeKind
    author: str = Field(examples=["bia@loja.example"])

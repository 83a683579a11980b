"""A person's email address, phone number or document in a request, hashed as ingest hashes them."""

import re
from dataclasses import dataclass, fields
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from orylo_api.call import Call
from orylo_api.errors import Invalid
from orylo_api.http.fields import RequestPart
from orylo_api.http.problem_details import FieldProblem
from orylo_common.control import Keyring
from orylo_common.control.document_key_store import read_document_key
from orylo_common.control.lists.values import EntryType, InvalidEntry, entry_value
from orylo_common.control.sections.shop import ShopSettings
from orylo_common.control.sections.store import parse_section
from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX, as_hash, hash_of
from orylo_common.phones import phone_digits
from orylo_common.postgres.pool import Connection

SELECT_SHOP = "SELECT value FROM api.shop_settings"

_PHONE = re.compile(r"\+?[0-9().\-]{7,24}")
# With at least five digits: without them, most words would be one.
_DOCUMENT = re.compile(r"(?=(?:[^0-9]*[0-9]){5})[0-9A-Za-z./\-]{5,24}")

Personal = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=r"^[^\x00]*$")]


class PersonalValues(RequestPart):
    """Values that identify a person. They are hashed on arrival, and neither stored nor logged."""

    email: Personal | None = Field(
        default=None, description="the address, or its SHA-256", examples=["ana@example.com"], repr=False
    )
    phone: Personal | None = Field(
        default=None,
        description="the number, or the SHA-256 of its digits. Without a country code it is one of the shop's country",
        examples=["+5511987654321"],
        repr=False,
    )
    document: Personal | None = Field(
        default=None, description="the number of a CPF, CNPJ or other document", examples=["529.982.247-25"], repr=False
    )


@dataclass(frozen=True, slots=True)
class PersonHashes:
    """SHA-256 of the email address and of the phone number; the document's hash under the platform's key."""

    email: str | None = None
    phone: str | None = None
    document: str | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def as_tokens(self) -> dict[str, str]:
        """Return the hashes in the notation of scrubbed copies, for the audit log."""
        known = {"email": self.email, "phone": self.phone, "document": self.document}
        return {
            name: (KEYED_PREFIX if name == "document" else TOKEN_PREFIX) + value
            for name, value in known.items()
            if value
        }


async def hash_person(call: Call[Any, Any, Any], given: PersonalValues) -> PersonHashes:
    """Return the hashes of the given values. Raises `Invalid` for a value that cannot be one."""
    return await hash_values(call.connection, call.services.keyring, given)


async def hash_values(connection: Connection, keyring: Keyring, given: PersonalValues) -> PersonHashes:
    """Return the hashes of the given values, in a transaction of the tenant. Raises `Invalid` as above."""
    return PersonHashes(
        email=_checked("email", EntryType.EMAIL, given.email),
        phone=await _phone(connection, given.phone),
        document=await _document(connection, keyring, given.document),
    )


async def _phone(connection: Connection, text: str | None) -> str | None:
    if text is None:
        return None
    if known := as_hash(text.strip()):
        return known
    shop = parse_section(ShopSettings, await connection.fetchval(SELECT_SHOP))
    digits = phone_digits(text, shop.country)
    if digits is None:
        raise _invalid("phone", "not a phone number; without a country code, the shop's country must be set")
    return hash_of(digits)


async def _document(connection: Connection, keyring: Keyring, text: str | None) -> str | None:
    if text is None:
        return None
    return _checked("document", EntryType.DOCUMENT, text, await read_document_key(connection, keyring))


def _checked(name: str, kind: EntryType, text: str | None, *key: Any) -> str | None:
    try:
        return None if text is None else entry_value(kind, text, *key)
    except InvalidEntry as invalid:
        raise _invalid(name, str(invalid)) from None


def _invalid(name: str, message: str) -> Invalid:
    return Invalid("some values are invalid", [FieldProblem(field=f"body.{name}", message=message)])


async def person_in(call: Call[Any, Any, Any], text: str) -> PersonHashes:
    """Return the hashes of each kind of value that the text has the shape of."""
    known, compact = as_hash(text), "".join(text.split())
    email, phone, document = known, known, known
    if known is None:
        email = text if "@" in text else None
        phone = text if _PHONE.fullmatch(compact) else None
        document = text if _DOCUMENT.fullmatch(compact) else None
    hashes: dict[str, str | None] = {}
    for name, value in (("email", email), ("phone", phone), ("document", document)):
        try:
            hashes[name] = getattr(await hash_person(call, PersonalValues().model_copy(update={name: value})), name)
        except Invalid:
            hashes[name] = None
    return PersonHashes(**hashes)

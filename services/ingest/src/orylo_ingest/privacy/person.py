"""A buyer as named by a gateway, and the hashed identity that replaces the clear text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from uuid import UUID

from disposable_email_domains import blocklist

from orylo_common.control.document_key import DocumentKey
from orylo_common.customer_ids import CustomerIdentifier, customer_id_from
from orylo_common.hashing import KEYED_PREFIX, TOKEN_PREFIX, as_hash, hash_of, hashed, is_token
from orylo_common.identifiers import normalise_email
from orylo_common.phones import phone_country, phone_digits
from orylo_ingest.privacy import normalisation
from orylo_ingest.privacy.countries import alpha2, country_of_currency
from orylo_ingest.privacy.document_hashes import MASK, DocumentHashes
from orylo_ingest.privacy.first_names import FirstName
from orylo_ingest.privacy.known_people import KnownIdentifier
from orylo_ingest.privacy.tax_numbers import issuing_country


@dataclass(slots=True)
class Person:
    """Clear text or hashes as the gateway sent them, or the tokens of a scrubbed copy.

    If the gateway splits the phone number, `phone` is the whole and `phone_as_sent` the part in the payload.
    `phone_region` is the country of a number without a country code, if it is not `country`. `currency` is the sale's.
    """

    email: str | None = None
    phone: str | None = None
    phone_as_sent: str | None = None
    phone_region: str | None = None
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    document: str | None = None
    birth_date: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    currency: str | None = None


@dataclass(slots=True)
class HashedIdentity:
    """`match_keys` and `flags` are the fields of the messages' `MatchKeys` and `CustomerFlags`.

    `document` is the document's hash under the platform's key. It stays in ingest, where it can identify the customer.
    `tokens` maps each clear text to its replacement in a scrubbed copy. `known` identifiers are also replaced inside
    other texts, and `first_names` inside text that people write.
    """

    match_keys: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str | bool] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict, repr=False)
    known: list[KnownIdentifier] = field(default_factory=list, repr=False)
    first_names: list[FirstName] = field(default_factory=list, repr=False)
    document: str | None = None
    documents: DocumentHashes = field(default_factory=DocumentHashes, repr=False)

    def add(self, key: str, clear: str, hexdigest: str | None) -> None:
        if hexdigest is not None:
            self.match_keys[key] = hexdigest
            self.tokens[clear] = TOKEN_PREFIX + hexdigest

    def recognise_first_name(self, clear: str) -> None:
        """Replace the first word of a name inside texts that people write."""
        if not is_token(clear) and (normalised := normalisation.name(clear.strip().partition(" ")[0])):
            name = FirstName.of(clear, TOKEN_PREFIX + hash_of(normalised))
            if name is not None:
                self.first_names.append(name)

    def recognise(self, clear: str) -> None:
        """Replace the text inside other texts too."""
        token = self.tokens.get(clear)
        if token and token != clear and (known := KnownIdentifier.text(clear, token)):
            self.known.append(known)


def identify(
    person: Person, *, home_country: str | None = None, document_key: DocumentKey | None = None
) -> HashedIdentity:
    """Hash everything, and compute from clear text what cannot be computed later.

    `home_country` (alpha-2) is the tenant's, or where the gateway's buyers live. A phone number without a country code
    is read as one of the first country known: the buyer's, the home country, the currency's. If none is known, the
    number identifies no one and is left out. Without `document_key`, a document is masked.
    """
    identity = HashedIdentity(documents=DocumentHashes(document_key))
    country = alpha2(person.country) if person.country else None
    if person.country and (known := as_hash(person.country)):
        identity.add("country", person.country, known)
    elif country is not None:
        identity.match_keys["country"] = hash_of(country.lower())
        identity.flags["billing_country"] = country
    if person.email:
        _add_email(identity, person.email)
    if person.phone:
        own = alpha2(person.phone_region) if person.phone_region else country
        _add_phone(identity, person, own or home_country or country_of_currency(person.currency))
    _add_names(identity, person)
    if person.document:
        _add_document(identity, person.document)
    if person.birth_date:
        key = hashed(person.birth_date, partial(normalisation.birth_date, country=country))
        identity.add("birth_date", person.birth_date, key)
    if person.city:
        identity.add("city", person.city, hashed(person.city, normalisation.city))
    if person.state:
        identity.add("state", person.state, hashed(person.state, partial(normalisation.state, country=country)))
    if person.zip:
        identity.add("zip", person.zip, hashed(person.zip, partial(normalisation.zip_code, country=country)))
    return identity


def customer_id(
    tenant_id: UUID,
    match_keys: Mapping[str, str],
    *,
    document: str | None = None,
    gateway_customer: str | None = None,
    card_fingerprint: str | None = None,
) -> str | None:
    """Return an id that is the same for the same person at one tenant, derived from the best identifier available.

    `document` is its hash under the platform's key. `gateway_customer` names the gateway too, such as `stripe:cus_…`.
    """
    identifiers: tuple[CustomerIdentifier, ...] = ("email", "phone")
    for kind in identifiers:
        if value := match_keys.get(kind):
            return customer_id_from(tenant_id, kind, value)
    if document:
        return customer_id_from(tenant_id, "document", document)
    if gateway_customer:
        return customer_id_from(tenant_id, "gateway_customer", gateway_customer)
    return customer_id_from(tenant_id, "card", card_fingerprint) if card_fingerprint else None


def customer_aliases(tenant_id: UUID, match_keys: Mapping[str, str], *, document: str | None = None) -> dict[str, str]:
    """Return the ids that the person has where only the phone, or only the document, is known."""
    known: dict[CustomerIdentifier, str | None] = {"phone": match_keys.get("phone"), "document": document}
    return {kind: customer_id_from(tenant_id, kind, value) for kind, value in known.items() if value}


def _add_document(identity: HashedIdentity, document: str) -> None:
    token = identity.documents.token_of(document)
    if token is None:
        return
    identity.tokens[document] = token
    identity.recognise(document)
    if issued_in := issuing_country(document):
        identity.flags["document_country"] = issued_in
    if token != MASK:
        identity.document = token.removeprefix(KEYED_PREFIX)


def _add_email(identity: HashedIdentity, email: str) -> None:
    if known := as_hash(email):
        identity.add("email", email, known)
        return
    normalised = normalise_email(email)
    if normalised is not None:
        identity.add("email", email, hash_of(normalised))
        identity.recognise(email)
        disposable, domain_hash = _domain(normalised.rpartition("@")[2])
        identity.flags["disposable_email"] = disposable
        identity.flags["email_domain_hash"] = domain_hash


def _add_phone(identity: HashedIdentity, person: Person, region: str | None) -> None:
    phone = person.phone or ""
    if known := as_hash(phone):
        identity.add("phone", phone, known)
        return
    digits = phone_digits(phone, region)
    if digits is not None:
        sent = person.phone_as_sent or phone
        identity.add("phone", sent, hash_of(digits))
        identity.known.append(KnownIdentifier.phone(digits, identity.tokens[sent]))
        origin = phone_country(digits)
        if origin is not None:
            identity.flags["phone_country"] = origin


def _add_names(identity: HashedIdentity, person: Person) -> None:
    if person.name:
        # A scrubbed full name has one token for each of its two parts.
        first, _, rest = person.name.strip().partition(" ")
        keys = (hashed(first, normalisation.name), hashed(rest, normalisation.name))
        if not is_token(first):
            identity.tokens[person.name] = " ".join(TOKEN_PREFIX + key for key in keys if key)
            identity.recognise(person.name)
            identity.recognise_first_name(person.name)
        if not person.first_name and not person.last_name:
            for key, value in zip(("first_name", "last_name"), keys, strict=True):
                if value is not None:
                    identity.match_keys[key] = value
    if person.first_name:
        identity.add("first_name", person.first_name, hashed(person.first_name, normalisation.name))
        identity.recognise_first_name(person.first_name)
    if person.last_name:
        identity.add("last_name", person.last_name, hashed(person.last_name, normalisation.name))
    if person.first_name and person.last_name and not person.name:
        both = f"{person.first_name} {person.last_name}"
        tokens = (identity.tokens.get(part) for part in (person.first_name, person.last_name))
        identity.tokens[both] = " ".join(each for each in tokens if each)
        identity.recognise(both)


@lru_cache(maxsize=10_000)
def _domain(domain: str) -> tuple[bool, str]:
    """Return whether the domain, or a parent of it, is known for disposable addresses, and the domain's hash."""
    parts = domain.split(".")
    disposable = any(".".join(parts[start:]) in blocklist for start in range(len(parts) - 1))
    return disposable, hash_of(domain)

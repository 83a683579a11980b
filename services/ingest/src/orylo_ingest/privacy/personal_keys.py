"""Classify the keys of gateway documents: which hold personal data or secrets."""

import re
import unicodedata
from enum import IntEnum


class PersonalDatum(IntEnum):
    KEEP = 0
    DROP = 1
    FORGET = 2
    EMAIL = 3
    PHONE = 4
    NAME = 5
    DOCUMENT = 6
    CITY = 7
    STATE = 8
    ZIP = 9
    BIRTH = 10
    OTHER = 11
    # A name if the value is text. An object is classified by its own keys.
    PERSON = 12


def _words(text: str) -> list[str]:
    return text.split()


# Whole keys, in lower case and without punctuation.
_EXACT: dict[str, PersonalDatum] = {
    # pendingwebhooks: Stripe's count of open deliveries changes with every attempt, so each would be another body.
    **dict.fromkeys(
        _words(
            "hottok token clientsecret secret password apikey accesstoken authtoken signature cvv cvc cvn "
            "securitycode cardnumber pan pendingwebhooks senha"
        ),
        PersonalDatum.DROP,
    ),
    **dict.fromkeys(("latitude", "longitude"), PersonalDatum.FORGET),
    **dict.fromkeys(("mobile", "cell", "tel", "fone", "telephone"), PersonalDatum.PHONE),
    **dict.fromkeys(
        _words(
            "document documentnumber producerdocument identificationnumber doc ssn rg nif dni taxid idnumber nationalid"
        ),
        PersonalDatum.DOCUMENT,
    ),
    **dict.fromkeys(("city", "addresscity", "cidade", "municipio"), PersonalDatum.CITY),
    **dict.fromkeys(("addressstate",), PersonalDatum.STATE),
    **dict.fromkeys(("zip", "zipcode", "postalcode", "addresszipcode", "cep", "postcode"), PersonalDatum.ZIP),
    **dict.fromkeys(("birthday", "datebirth", "birthdate", "dob", "dateofbirth", "nascimento"), PersonalDatum.BIRTH),
    **dict.fromkeys(
        _words(
            "line1 line2 address addressline1 addressline2 addressnumber addresscomp addressdistrict street streetname "
            "streetnumber complement neighborhood district bairro logradouro endereco rua instagram"
        ),
        PersonalDatum.OTHER,
    ),
    **dict.fromkeys(
        _words("buyer cliente comprador cardholder accountholder user subscriber assinante mother mae father pai"),
        PersonalDatum.PERSON,
    ),
    **dict.fromkeys(("login",), PersonalDatum.OTHER),
    # About a name or a document, but not personal.
    **dict.fromkeys(("documenttype", "doctype", "eventname"), PersonalDatum.KEEP),
}
_CONTAINS = (
    ("email", PersonalDatum.EMAIL),
    ("phone", PersonalDatum.PHONE),
    ("celular", PersonalDatum.PHONE),
    ("telefone", PersonalDatum.PHONE),
    ("whatsapp", PersonalDatum.PHONE),
    ("cpf", PersonalDatum.DOCUMENT),
    ("cnpj", PersonalDatum.DOCUMENT),
    ("passport", PersonalDatum.DOCUMENT),
)
# Words, and pairs of words, that classify any key containing them.
_BY_WORDS: dict[str, PersonalDatum] = {
    **dict.fromkeys(_words("password senha cvv cvc codigoseguranca"), PersonalDatum.DROP),
    **dict.fromkeys(_words("tel fone cel cell mobile telephone whats zap"), PersonalDatum.PHONE),
    **dict.fromkeys(_words("razaosocial surname"), PersonalDatum.NAME),
    **dict.fromkeys(
        _words(
            "document documento documentos doc identidade rg cnh passaporte ssn nif dni cuit curp taxid nationalid "
            "inscricaoestadual"
        ),
        PersonalDatum.DOCUMENT,
    ),
    **dict.fromkeys(_words("city cidade municipio"), PersonalDatum.CITY),
    **dict.fromkeys(_words("uf"), PersonalDatum.STATE),
    **dict.fromkeys(_words("zip zipcode postcode postalcode cep codigopostal"), PersonalDatum.ZIP),
    **dict.fromkeys(
        _words(
            "birth birthday birthdate datebirth dob nascimento nasc datanascimento dtnascimento nascimentodata "
            "datanasc dtnasc aniversario dataaniversario"
        ),
        PersonalDatum.BIRTH,
    ),
    **dict.fromkeys(
        _words(
            "address endereco street rua avenida logradouro bairro neighborhood complement complemento pontoreferencia "
            "instagram telegram skype"
        ),
        PersonalDatum.OTHER,
    ),
    **dict.fromkeys(
        _words(
            "cliente comprador destinatario recipient responsavel contato contact aluno aluna student apelido usuario "
            "titular portador holder payer pagador beneficiario beneficiary guardian filiacao conjuge spouse hospede "
            "guest attendee participante inscrito dependente"
        ),
        PersonalDatum.PERSON,
    ),
}
# Next to such a word, these describe its kind, origin or treatment: the value is not personal.
_NOT_PERSONAL = frozenset(
    _words(
        "id ids uuid hash token key ref type tipo code codigo category categoria group grupo role country pais locale "
        "language idioma currency moeda agent ip mac ua status state count total quantity qtd amount valor price fee "
        "tax discount desconto check checks required enabled collection valid verified format formato mask version "
        "url uri link file list lista source origem origin reason motivo method metodo mode level limit score date "
        "data dt at em created updated time hora plan plano product produto field label brand bank banco network"
    )
)
# Keys with one of these hold the id of something: a sale, a product, a campaign.
_IDENTIFIER_WORDS = frozenset(
    _words(
        "id ids uuid ucode code codigo cod transaction transacao order pedido sale venda payment pagamento charge "
        "reference referencia ref external number numero key chave sku barcode invoice fatura subscription product "
        "produto prod plan plano offer oferta utm src sck xcod campaign campanha fingerprint token hash"
    )
)
_PREPOSITIONS = frozenset(_words("of de do da"))
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# More than any real key has.
_MAX_WORDS = 12
# Names of things, not of people.
_THINGS = re.compile(
    r"^(?:prod(?!ucer|utor)|plan|offer|oferta|module|modulo|price|item|line|coupon|course|curso|content|campaign|event|utm|country"
    r"|checkoutcountry|file|domain|host|bank|network|brand|status)"
)
_OF_A_PERSON = re.compile(r"holder|titular|owner|customer|client|buyer|comprador|payer|pagador|contact|recipient")
# Below a personal key these describe its kind and are not personal.
_DESCRIPTIVE = frozenset(_words("country countrycode countryiso countryiso2 countryname type status object tipo pais"))
# `_AMONG_PEOPLE` are part of an address only below these keys.
_PEOPLE = re.compile(
    r"address|billing|shipping|buyer|customer|user|subscriber|producer|location|endereco|entrega|cobranca|cliente|comprador"
    r"|destinatario|recipient"
)
_AMONG_PEOPLE = {
    "number": PersonalDatum.OTHER,
    "numero": PersonalDatum.OTHER,
    "state": PersonalDatum.STATE,
    "estado": PersonalDatum.STATE,
    "uf": PersonalDatum.STATE,
    "region": PersonalDatum.STATE,
}
_VALUE_OF = {
    "taxids": PersonalDatum.DOCUMENT,
    "customertaxids": PersonalDatum.DOCUMENT,
    "text": PersonalDatum.OTHER,
    "numeric": PersonalDatum.OTHER,
}

_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def datum_of(key: str, parent: str, inherited: PersonalDatum = PersonalDatum.KEEP) -> PersonalDatum:
    """Classify a value by its key and its parent key. Otherwise it is `inherited` from a personal key above."""
    key, parent = _without_accents(key), _without_accents(parent)
    name, above = (_NOT_ALPHANUMERIC.sub("", text.lower()) for text in (key, parent))
    kind = _datum_by_name(name, above)
    if kind is PersonalDatum.KEEP and name not in _EXACT:
        kind = _datum_by_words(key)
    return inherited if kind is PersonalDatum.KEEP and name not in _DESCRIPTIVE else kind


def is_identifier(key: str) -> bool:
    return not _IDENTIFIER_WORDS.isdisjoint(_words_of(key))


def passed_down(kind: PersonalDatum) -> PersonalDatum:
    """Return the classification that the values inside such an object inherit."""
    return PersonalDatum.KEEP if kind is PersonalDatum.PERSON else kind


def _datum_by_name(name: str, above: str) -> PersonalDatum:
    if name in _EXACT:
        return _EXACT[name]
    if name == "value":
        return _VALUE_OF.get(above, PersonalDatum.KEEP)
    if name in _AMONG_PEOPLE:
        return _AMONG_PEOPLE[name] if _PEOPLE.search(above) else PersonalDatum.KEEP
    for part, kind in _CONTAINS:
        if part in name:
            return kind
    if name.endswith(("address", "endereco")):
        return PersonalDatum.KEEP if name.endswith("ipaddress") else PersonalDatum.OTHER
    if name.endswith(("name", "nome", "sobrenome")) or name.startswith("nome"):
        whose = name if name not in ("name", "nome") else above
        return PersonalDatum.KEEP if _THINGS.match(whose) and not _OF_A_PERSON.search(whose) else PersonalDatum.NAME
    return PersonalDatum.KEEP


def _datum_by_words(key: str) -> PersonalDatum:
    """Return the strictest classification by the key's words, ignoring words next to one in `_NOT_PERSONAL`."""
    words = [word for word in _words_of(key) if word not in _PREPOSITIONS][:_MAX_WORDS]
    found = [
        kind
        for size in (1, 2)
        for at in range(len(words))
        if (kind := _BY_WORDS.get("".join(words[at : at + size])))
        and _NOT_PERSONAL.isdisjoint(words[:at] + words[at + size :])
    ]
    return min(found, default=PersonalDatum.KEEP)


def _words_of(key: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(key)]


def _without_accents(key: str) -> str:
    return key if key.isascii() else unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()

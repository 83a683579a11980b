"""Fictional buyers with Brazilian names.

No data of real people: email addresses use the reserved example domains, IP addresses the documentation range
2001:db8::/32, phone numbers an unassigned block, and a CPF has correct check digits only.
"""

import unicodedata
from dataclasses import dataclass
from random import Random

_FIRST_NAMES = (
    "Ana", "Beatriz", "Bruno", "Caio", "Camila", "Carla", "Daniel", "Débora", "Diego", "Eduarda", "Felipe", "Fernanda",
    "Gabriel", "Helena", "Igor", "Isabela", "João", "Júlia", "Larissa", "Leandro", "Letícia", "Lucas", "Luísa",
    "Mariana", "Mateus", "Natália", "Otávio", "Patrícia", "Paulo", "Rafael", "Renata", "Rodrigo", "Sabrina", "Tainá",
    "Thiago", "Vitória",
)  # fmt: skip
_LAST_NAMES = (
    "Almeida", "Andrade", "Araújo", "Barbosa", "Barros", "Cardoso", "Carvalho", "Castro", "Correia", "Costa", "Dias",
    "Duarte", "Fernandes", "Ferreira", "Freitas", "Gomes", "Gonçalves", "Lima", "Lopes", "Machado", "Martins", "Melo",
    "Moreira", "Nascimento", "Nogueira", "Oliveira", "Pereira", "Pinto", "Ramos", "Ribeiro", "Rocha", "Santos", "Silva",
    "Souza", "Teixeira", "Vieira",
)  # fmt: skip
_CITIES = (
    ("11", "São Paulo", "SP", "01310"),
    ("21", "Rio de Janeiro", "RJ", "20040"),
    ("31", "Belo Horizonte", "MG", "30130"),
    ("41", "Curitiba", "PR", "80010"),
    ("51", "Porto Alegre", "RS", "90010"),
    ("61", "Brasília", "DF", "70040"),
    ("71", "Salvador", "BA", "40020"),
    ("81", "Recife", "PE", "50030"),
    ("85", "Fortaleza", "CE", "60025"),
    ("92", "Manaus", "AM", "69005"),
)
_STREETS = ("Rua das Acácias", "Avenida das Palmeiras", "Rua do Sol", "Travessa dos Ipês", "Rua Boa Vista")
_EMAIL_DOMAINS = ("example.com", "example.com", "example.org", "example.net")
_USER_AGENTS = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/133.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/135.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 Version/18.3 Mobile/15E148 Safari",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/134.0.0.0 Safari/537.36",
)
_BRANDS = (("visa", 5), ("mastercard", 4), ("elo", 2), ("amex", 1))
_FINGERPRINT_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class TestCard:
    """A payment card as a gateway describes it, without a number."""

    # Keeps pytest from collecting it.
    __test__ = False

    fingerprint: str
    brand: str
    last4: str
    country: str


@dataclass(frozen=True, slots=True)
class Buyer:
    number: int
    first_name: str
    last_name: str
    email: str
    area_code: str
    phone: str
    cpf: str
    street: str
    house: str
    city: str
    state: str
    postal_code: str
    ip: str
    user_agent: str
    card: TestCard

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


def buyer(seed: int, number: int) -> Buyer:
    """Return the buyer with this number. The same seed gives the same person."""
    rng = Random(f"{seed}:buyer:{number}")  # noqa: S311 - repeatable, not secret
    first_name, last_name = rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)
    area_code, city, state, postal_prefix = rng.choice(_CITIES)
    return Buyer(
        number=number,
        first_name=first_name,
        last_name=last_name,
        email=f"{_ascii(first_name)}.{_ascii(last_name)}{seed}{number}@{rng.choice(_EMAIL_DOMAINS)}",
        area_code=area_code,
        phone=f"9{rng.randrange(10_000_000):08d}",
        cpf=cpf(rng.randrange(1_000_000_000)),
        street=rng.choice(_STREETS),
        house=str(rng.randrange(1, 2000)),
        city=city,
        state=state,
        postal_code=f"{postal_prefix}-{rng.randrange(1000):03d}",
        ip=f"2001:db8:{rng.randrange(1, 0x10000):x}:{rng.randrange(1, 0x10000):x}::{rng.randrange(1, 0x10000):x}",
        user_agent=rng.choice(_USER_AGENTS),
        card=new_card(rng, country="BR"),
    )


def new_card(rng: Random, *, country: str) -> TestCard:
    (brand,) = rng.choices([name for name, _ in _BRANDS], weights=[weight for _, weight in _BRANDS])
    return TestCard(
        fingerprint="".join(rng.choices(_FINGERPRINT_ALPHABET, k=16)),
        brand=brand,
        last4=f"{rng.randrange(10_000):04d}",
        country=country,
    )


def cpf(base: int) -> str:
    """Return the CPF that starts with these nine digits, with its two check digits."""
    digits = [int(digit) for digit in f"{base:09d}"]
    for length in (9, 10):
        total = sum(digit * (length + 1 - position) for position, digit in enumerate(digits))
        digits.append(total * 10 % 11 % 10)
    return "".join(map(str, digits))


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()

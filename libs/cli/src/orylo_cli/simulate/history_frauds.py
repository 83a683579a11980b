"""Frauds in a simulated history. Each kind is a function that yields the attempts of one episode."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from orylo_cli.simulate.buyers import new_card
from orylo_cli.simulate.history_row import HistoryRow
from orylo_cli.simulate.history_shop import FOREIGN, HistoryShop
from orylo_cli.simulate.journeys import LOCAL_PRODUCTS

Episode = Callable[[HistoryShop, datetime], Iterator[HistoryRow]]

# Issuers warn of most frauds within two weeks, and the last cardholders dispute after two months.
EARLIEST_REPORT_DAYS, MEAN_REPORT_DAYS = 2, 10
CHEAPEST = min(LOCAL_PRODUCTS, key=lambda product: product.price_minor)
DEAREST = max(LOCAL_PRODUCTS, key=lambda product: product.price_minor)


def card_testing(shop: HistoryShop, at: datetime) -> Iterator[HistoryRow]:
    """Someone tries many stolen cards on the cheapest product, from one address, with few email addresses."""
    random = shop.random
    tester = replace(shop.newcomer(), ip=_foreign_address(shop), ip_country=random.choice(FOREIGN))
    for _ in range(random.randrange(50, 200)):
        at += timedelta(seconds=random.expovariate(1 / 30))
        if random.random() < 0.2:
            tester = replace(shop.newcomer(), ip=tester.ip, ip_country=tester.ip_country)
        card = new_card(random, country=random.choice(("BR", "US", *FOREIGN)))
        row = shop.attempt(at, tester, CHEAPEST, amount_minor=random.randrange(500, 2_000), card=card)
        is_live = random.random() < 0.15
        yield _fraud(shop, row, "card_testing") if is_live else row._replace(status="failed", scenario="card_testing")


def stolen_card(shop: HistoryShop, at: datetime) -> Iterator[HistoryRow]:
    """Someone buys dear products with a few stolen cards, one after the other, until they are declined."""
    random = shop.random
    is_foreign = random.random() < 0.7
    thief = replace(
        shop.newcomer(),
        ip=_foreign_address(shop),
        ip_country=random.choice(FOREIGN) if is_foreign else "BR",
        email_domain=random.choice(("mailbox.example", "quickmail.example", "gmail.example")),
    )
    cards = [new_card(random, country=random.choice(("BR", "BR", *FOREIGN))) for _ in range(random.randrange(1, 5))]
    for _ in range(random.randrange(3, 11)):
        at += timedelta(seconds=random.expovariate(1 / 90))
        product = random.choice((DEAREST, DEAREST, random.choice(LOCAL_PRODUCTS)))
        amount_minor = round(product.price_minor * random.uniform(1, 3))
        row = shop.attempt(at, thief, product, amount_minor=amount_minor, card=random.choice(cards))
        is_declined = random.random() < 0.3
        yield row._replace(status="failed", scenario="stolen_card") if is_declined else _fraud(shop, row, "stolen_card")


def account_takeover(shop: HistoryShop, at: datetime) -> Iterator[HistoryRow]:
    """Someone signs in as a known customer, from another country, and buys more than the customer ever did."""
    random = shop.random
    if not shop.shoppers:
        return
    victim = random.choice(shop.shoppers)
    taken = replace(victim, ip=_foreign_address(shop), ip_country=random.choice(FOREIGN))
    # The stored card, or a stolen one.
    card = victim.buyer.card if random.random() < 0.6 else new_card(random, country=random.choice(FOREIGN))
    for _ in range(random.randrange(2, 6)):
        at += timedelta(seconds=random.expovariate(1 / 600))
        amount_minor = round(DEAREST.price_minor * random.uniform(1, 4))
        yield _fraud(shop, shop.attempt(at, taken, DEAREST, amount_minor=amount_minor, card=card), "account_takeover")


def friendly_fraud(shop: HistoryShop, at: datetime) -> Iterator[HistoryRow]:
    """A buyer keeps buying, and disputes every purchase."""
    random = shop.random
    person = shop.newcomer()
    for _ in range(random.randrange(2, 7)):
        yield _fraud(shop, shop.attempt(at, person, random.choice(LOCAL_PRODUCTS)), "friendly_fraud")
        at += timedelta(days=random.uniform(5, 30))


def compromised_product(shop: HistoryShop, at: datetime) -> Iterator[HistoryRow]:
    """An affiliate sells one product to stolen cards of many people, for four weeks."""
    random = shop.random
    product = random.choice(LOCAL_PRODUCTS)
    affiliate = f"affiliate-new{random.randrange(10_000)}"
    for day in range(28):
        for _ in range(random.randrange(1, 6)):
            moment = at + timedelta(days=day, seconds=random.uniform(0, 86_400))
            row = shop.attempt(moment, shop.newcomer(), product)
            yield _fraud(shop, row, "compromised_product")._replace(terminal_id=affiliate)


# Episodes a year.
EPISODES: tuple[tuple[Episode, int], ...] = (
    (card_testing, 16),
    (stolen_card, 90),
    (account_takeover, 60),
    (friendly_fraud, 25),
    (compromised_product, 2),
)


def _fraud(shop: HistoryShop, row: HistoryRow, scenario: str) -> HistoryRow:
    delay = timedelta(
        days=EARLIEST_REPORT_DAYS + shop.random.expovariate(1 / (MEAN_REPORT_DAYS - EARLIEST_REPORT_DAYS))
    )
    return row._replace(scenario=scenario, disputed_at=row.occurred_at + delay)


def _foreign_address(shop: HistoryShop) -> str:
    """Return an address of a hosting provider, of which some are used again and again."""
    network = int(min(shop.random.expovariate(1 / 8), 200))
    return f"2001:db8:f{network:x}:{shop.random.randrange(1, 9999):x}::1"

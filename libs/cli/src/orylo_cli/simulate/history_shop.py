"""A shop's honest buyers over a long time: what they buy, from where, with which card."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from orylo_cli.simulate.buyers import Buyer, TestCard, buyer, new_card
from orylo_cli.simulate.history_row import HistoryRow
from orylo_cli.simulate.journeys import PRODUCTS, CatalogueProduct

PURCHASES_A_DAY = 200
RETURNING_SHARE = 0.4
# Bounds memory. A buyer who is replaced does not return.
MAX_RETURNING = 5_000
# Purchases by hour of the day in São Paulo, which is three hours behind UTC.
HOURS = (2, 1, 1, 1, 1, 1, 2, 3, 5, 6, 7, 7, 8, 7, 7, 7, 7, 8, 9, 10, 10, 9, 7, 4)
SAO_PAULO = timedelta(hours=-3)
# A launch sells one product for some days.
LAUNCH_EVERY_DAYS, LAUNCH_DAYS, LAUNCH_FACTOR = 75, 5, 2.5
DECLINED_SHARE, RETRIED_SHARE = 0.07, 0.75
ABROAD_SHARE, FOREIGN_CARD_SHARE, SHARED_ADDRESS_SHARE = 0.03, 0.03, 0.08
BUMP_SHARE, LARGE_SHARE = 0.15, 0.005
# Disputes of honest payments: a delivery that went wrong, a purchase that was not recognised.
DISPUTED_SHARE = 0.001
AFFILIATES = 40
FOREIGN = ("PT", "US", "AR", "ES", "GB", "JP", "CL")
MAIL_DOMAINS = ("gmail.example", "gmail.example", "gmail.example", "hotmail.example", "outlook.example", "uol.example")


@dataclass(frozen=True, slots=True)
class Shopper:
    """A buyer with the ids that a gateway reports."""

    buyer: Buyer
    customer_id: str
    email_domain: str
    ip: str
    ip_country: str = "BR"


class HistoryShop:
    """Draws purchases. The same seed gives the same ones."""

    def __init__(self, seed: int, start: datetime) -> None:
        self.random = Random(f"{seed}:history")  # noqa: S311 - repeatable, not secret
        self.start = start
        self._seed = seed
        self._numbers = count(1)
        self._payments = count(1)
        self._shared_addresses = [f"2001:db8:ffff:{number:x}::1" for number in range(1, 60)]
        # Those who have paid.
        self.shoppers: list[Shopper] = []

    def honest(self, day: int) -> Iterator[HistoryRow]:
        """Yield the honest attempts to pay of one day."""
        launched = PRODUCTS[day // LAUNCH_EVERY_DAYS % len(PRODUCTS)] if day % LAUNCH_EVERY_DAYS < LAUNCH_DAYS else None
        average = PURCHASES_A_DAY * (LAUNCH_FACTOR if launched else 1) * (0.85 if day % 7 >= 5 else 1)
        for _ in range(round(self.random.gauss(average, average**0.5))):
            is_of_launch = launched is not None and self.random.random() < 0.7
            product = launched if launched and is_of_launch else self.random.choice(PRODUCTS)
            yield from self._purchase(self.moment(day), product)

    def moment(self, day: int) -> datetime:
        [hour] = self.random.choices(range(24), weights=HOURS)
        return self.start + timedelta(days=day, hours=hour, seconds=self.random.uniform(0, 3600)) - SAO_PAULO

    def newcomer(self) -> Shopper:
        """Draw a person who has not bought before."""
        number = next(self._numbers)
        person = buyer(self._seed, number)
        is_shared = self.random.random() < SHARED_ADDRESS_SHARE
        return Shopper(
            person,
            f"customer{number}",
            self.random.choice(MAIL_DOMAINS),
            self.random.choice(self._shared_addresses) if is_shared else person.ip,
        )

    def attempt(
        self,
        at: datetime,
        shopper: Shopper,
        product: CatalogueProduct,
        *,
        amount_minor: int | None = None,
        card: TestCard | None = None,
    ) -> HistoryRow:
        """Build a paid attempt. By default the buyer pays the product's price with the own card."""
        paid_with = card or shopper.buyer.card
        return HistoryRow(
            occurred_at=at,
            payment_id=f"payment{next(self._payments)}",
            customer_id=shopper.customer_id,
            amount_minor=product.price_minor if amount_minor is None else amount_minor,
            currency=product.currency.upper(),
            product_id=str(product.number),
            ip=shopper.ip,
            card_fingerprint=paid_with.fingerprint,
            card_country=paid_with.country,
            ip_country=shopper.ip_country,
            email_domain=shopper.email_domain,
            terminal_id=f"affiliate{self.random.randrange(AFFILIATES)}",
        )

    def _purchase(self, at: datetime, product: CatalogueProduct) -> Iterator[HistoryRow]:
        random = self.random
        shopper = (
            random.choice(self.shoppers) if self.shoppers and random.random() < RETURNING_SHARE else self.newcomer()
        )
        if random.random() < ABROAD_SHARE:
            shopper = replace(
                shopper, ip=f"2001:db8:ab:{random.randrange(9999):x}::1", ip_country=random.choice(FOREIGN)
            )
        card = new_card(random, country=random.choice(FOREIGN)) if random.random() < FOREIGN_CARD_SHARE else None
        row = self.attempt(at, shopper, product, amount_minor=self._amount(product), card=card)
        while random.random() < DECLINED_SHARE:
            yield row._replace(status="failed")
            if random.random() > RETRIED_SHARE:
                return
            # Many try another card.
            other = new_card(random, country="BR") if random.random() < 0.5 else card
            at += timedelta(seconds=random.uniform(20, 600))
            row = self.attempt(at, shopper, product, amount_minor=row.amount_minor, card=other)
        if random.random() < DISPUTED_SHARE:
            row = row._replace(disputed_at=at + timedelta(days=random.uniform(8, 45)))
        yield row
        self._remember(shopper)

    def _amount(self, product: CatalogueProduct) -> int:
        """Return the price, sometimes with an order bump, and seldom a negotiated price of several times as much."""
        if self.random.random() < LARGE_SHARE:
            return round(product.price_minor * self.random.uniform(2, 6))
        bump = self.random.uniform(1.2, 1.7) if self.random.random() < BUMP_SHARE else 1.0
        return round(product.price_minor * bump)

    def _remember(self, shopper: Shopper) -> None:
        # At home again.
        at_home = replace(shopper, ip=shopper.buyer.ip, ip_country="BR") if shopper.ip_country != "BR" else shopper
        if len(self.shoppers) < MAX_RETURNING:
            self.shoppers.append(at_home)
        else:
            self.shoppers[self.random.randrange(MAX_RETURNING)] = at_home

"""Which customers are one person."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orylo_common.control.sections.trust import TrustPolicy
from orylo_common.messages import TrustStatus
from orylo_trust.domain.account import StatusChange, TrustAccount
from orylo_trust.domain.ledger import EntryCause, LedgerEntry, month_of, score, sums
from orylo_trust.domain.people import Alias, AliasKind, Links, MergeDecision, people_of
from orylo_trust.domain.person import Person
from tests.unit.trust.test_ledger import LEDGERS, NOW, START

POLICY = TrustPolicy()


def shared(**customers: str) -> dict[str, Alias]:
    """Build aliases such as `phone_1="a b"`: the kind before the underscore, and the customers."""
    return {
        name: Alias(AliasKind(name.partition("_")[0]), frozenset(names.split())) for name, names in customers.items()
    }


def people(names: str, links: Links, policy: TrustPolicy = POLICY) -> set[str]:
    found, _ = people_of(names.split(), links, policy)
    return {" ".join(each) for each in found}


def decided(customer_id: str, minute: int, same_as: str | None) -> MergeDecision:
    return MergeDecision(customer_id, same_as, NOW + timedelta(minutes=minute))


@pytest.mark.parametrize("kind", ["phone", "document", "payment"])
def test_customers_that_share_an_alias_are_one_person_also_through_a_third(kind: str) -> None:
    links = Links(shared(**{f"{kind}_1": "c a", f"{kind}_2": "b c"}))

    assert people("a b c d", links) == {"a b c", "d"}


def test_an_alias_of_too_many_customers_links_none_of_them() -> None:
    links = Links(shared(phone_1="a b c d", document_1="a b"))

    found, excesses = people_of(["a", "b", "c", "d"], links, POLICY)

    assert set(found) == {("a", "b"), ("c",), ("d",)}
    assert [(each.limit, each.subject, sorted(each.customers)) for each in excesses] == [
        ("customers_per_identifier", "phone_1", ["a", "b", "c", "d"])
    ]


def test_a_typo_address_with_many_phones_merges_no_strangers() -> None:
    # "a" is the customer of an address such as a@a.com, which six strangers typed.
    links = Links(shared(**{f"phone_{number}": f"a s{number}" for number in range(6)}))
    names = "a " + " ".join(f"s{number}" for number in range(6))

    found, excesses = people_of(names.split(), links, POLICY)

    assert {len(each) for each in found} == {1}
    assert [(each.limit, each.subject) for each in excesses] == [("identifiers_per_customer", "a")]


def test_a_chain_of_strangers_is_cut_where_the_links_are_weak() -> None:
    chain = {f"phone_{number}": f"c{number:02} c{number + 1:02}" for number in range(10)}
    links = Links(shared(**chain, document_1="c03 c04"))
    names = " ".join(f"c{number:02}" for number in range(11))

    found, excesses = people_of(names.split(), links, POLICY)

    assert [each for each in found if len(each) > 1] == [("c03", "c04")]
    assert [(each.limit, len(each.customers)) for each in excesses] == [("customers", 11)]


def test_a_users_decision_is_stronger_than_links_and_the_newest_counts() -> None:
    links = shared(phone_1="a b")
    alone, together = decided("b", 1, None), decided("b", 2, "a")

    assert people("a b", Links(links, {alone})) == {"a", "b"}
    assert people("a b", Links({}, {together})) == {"a b"}
    assert people("a b", Links({}, {together, decided("b", 3, "c")})) == {"a b"}
    # The customer that the other one was merged into is separated later, or was before.
    assert people("a b", Links(links, {decided("b", 1, "a"), decided("a", 2, None)})) == {"a", "b"}
    assert people("a b", Links(links, {decided("b", 2, "a"), decided("a", 1, None)})) == {"a b"}
    # Others of the person stay with it, and an unmerge lasts although the customer is merged elsewhere.
    assert people("a b c", Links(shared(phone_1="a b c"), {alone})) == {"a c", "b"}
    assert people("a b c", Links(shared(phone_1="a b"), {alone, decided("b", 2, "c")})) == {"a", "b c"}


def test_decisions_exceed_limits() -> None:
    links = Links(shared(phone_1="a b c d"), {decided("b", 1, "a")})

    assert people("a b c d", links) == {"a b", "c", "d"}


ALIASES = st.dictionaries(
    st.integers(0, 9),
    st.tuples(st.sampled_from(AliasKind), st.frozensets(st.sampled_from("abcdefghijkl"), min_size=1, max_size=5)),
)
DECISIONS = st.dictionaries(
    st.sampled_from("abcdefghijkl"),
    st.tuples(st.one_of(st.none(), st.sampled_from("abcdefghijkl")), st.integers(0, 9)),
    max_size=4,
)


@given(ALIASES, DECISIONS, st.permutations("abcdefghijkl"))
def test_the_people_depend_on_no_order_and_no_person_is_too_large_by_links(
    aliases: dict[int, tuple[AliasKind, frozenset[str]]],
    decisions: dict[str, tuple[str | None, int]],
    customers: list[str],
) -> None:
    known = [(str(name), Alias(*each)) for name, each in aliases.items()]
    made = {decided(name, minute, same_as) for name, (same_as, minute) in decisions.items()}
    found, excesses = people_of(customers, Links(dict(known), made), POLICY)
    again, _ = people_of(sorted(customers), Links(dict(reversed(known)), made), POLICY)

    assert set(found) == set(again)
    assert sorted(each for one in found for each in one) == sorted(customers)
    if not made:
        assert max(map(len, found)) <= POLICY.merge_customers
    assert all(one == tuple(sorted(one)) for one in found)
    assert all(len(each.customers) >= 1 for each in excesses)


@given(st.lists(LEDGERS, min_size=2, max_size=3))
def test_a_person_has_the_score_of_one_ledger(ledgers: list[list[LedgerEntry]]) -> None:
    # An entry is in the ledger of one customer. A blocked payment takes back the points of a month.
    entries = [
        [
            LedgerEntry(each.cause, f"{number} {each.source_id}", each.points, each.month, each.monthly_cap)
            for each in one
            if each.cause not in (EntryCause.PAYMENT_BLOCKED, EntryCause.BLOCK_LIFTED)
        ]
        for number, one in enumerate(ledgers)
    ]
    accounts = [TrustAccount(START) for _ in entries]
    for account, one in zip(accounts, entries, strict=True):
        for entry in one:
            account.post(entry)
    joint = sums(entry for one in entries for entry in one)

    person = Person("a", accounts)

    assert person.causes == joint
    assert person.score == score(START + sum(joint.values()))


def test_a_months_cap_counts_once_for_a_person() -> None:
    accounts = [TrustAccount(START), TrustAccount(START)]
    for number in range(8):
        accounts[number % 2].post(LedgerEntry(EntryCause.CLEAN_PAYMENT, str(number), 2, month_of(NOW), 10))

    assert [account.score for account in accounts] == [58, 58]
    assert Person("a", accounts).score == 60


def test_the_newest_status_of_a_persons_accounts_is_in_force() -> None:
    accounts = [TrustAccount(START), TrustAccount(START), TrustAccount(START)]
    accounts[1].set_status(StatusChange(TrustStatus.BLOCKED, "ana", "fraud", NOW))
    assert Person("a", accounts).status is TrustStatus.BLOCKED
    accounts[2].set_status(StatusChange(TrustStatus.ALLOWLISTED, "bia", "family", NOW + timedelta(hours=1)))
    assert Person("a", accounts).status_change == accounts[2].status_change

"""Hashes of passwords cost as much as they should."""

from orylo_common.control.passwords import hash_password, needs_rehash, verify_password


def test_a_hash_is_argon2id_at_the_cost_of_rfc_9106() -> None:
    stored = hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify_password(stored, "correct horse battery")
    assert not verify_password(stored, "correct horse")
    assert not needs_rehash(stored)

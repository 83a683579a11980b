"""Rules on a gateway's secrets. Their values are written and never read back."""

from collections.abc import Sequence

from orylo_api.errors import Conflict
from orylo_api.gateways.models import ShownSecret
from orylo_common.control.gateway_secrets import GatewaySecretSummary
from orylo_common.control.keyring import Keyring
from orylo_common.control.master_key import SELECT_DOCUMENT_KEY
from orylo_common.errors import TransientError
from orylo_common.postgres.pool import Connection

# Each webhook is compared with every secret.
MAX_SECRETS = 10


def shown_secrets(secrets: Sequence[GatewaySecretSummary]) -> list[ShownSecret]:
    return [
        ShownSecret(
            label=each.label,
            created_at=each.created_at,
            last_used_at=each.last_used_at,
            needed=is_needed(secrets, each.label),
        )
        for each in secrets
    ]


def is_needed(secrets: Sequence[GatewaySecretSummary], label: str) -> bool:
    """Return whether the secret is the only one, or the only one of all that was ever used."""
    others = [each for each in secrets if each.label != label]
    used = any(each.last_used_at for each in secrets if each.label == label)
    return not others or (used and not any(each.last_used_at for each in others))


def check_new_label(secrets: Sequence[GatewaySecretSummary], label: str) -> None:
    """Raise `Conflict` if the label is taken, or there are too many secrets."""
    if label in {each.label for each in secrets}:
        raise Conflict("the gateway already has a secret with this label", code="label_taken")
    if len(secrets) >= MAX_SECRETS:
        raise Conflict(f"a gateway has at most {MAX_SECRETS} secrets: retire one first", code="too_many_secrets")


async def check_keyring(connection: Connection, keyring: Keyring) -> None:
    """Raise `TransientError` if the services use another master key: they could not decrypt the new secret."""
    encrypted = await connection.fetchval(SELECT_DOCUMENT_KEY)
    if encrypted is not None and not keyring.decrypts(encrypted):
        raise TransientError("ORYLO_MASTER_KEY of the API does not decrypt the stored secrets")

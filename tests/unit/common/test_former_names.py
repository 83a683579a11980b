"""Messages of earlier versions may still be in queues and dead letters."""

from typing import Any

import orjson
import pytest

from orylo_common.messages import UndecodableMessage, WebhookReplayed, decode
from orylo_common.messages.codec import BY_TYPE
from orylo_common.messages.former_names import TYPES, VALUES
from tests.contract.messages.golden import path_of


def golden(message_type: str) -> dict[str, Any]:
    envelope: dict[str, Any] = orjson.loads(path_of(message_type).read_bytes())
    return envelope


def test_a_message_with_a_former_type_is_decoded() -> None:
    envelope = golden("webhook.rejected.v1")

    former = decode(orjson.dumps({**envelope, "type": "webhook.refused.v1"}))

    assert former == decode(orjson.dumps(envelope))


def test_a_former_field_value_is_decoded_as_the_current_one() -> None:
    envelope = golden("webhook.replayed.v1")
    envelope["data"]["status"] = "told_before"

    message = decode(orjson.dumps(envelope))

    assert isinstance(message, WebhookReplayed)
    assert message.status == "already_reported"


@pytest.mark.parametrize("status", [["told_before"], {}, 7, None])
def test_a_field_of_another_type_is_invalid_and_no_error_of_ours(status: object) -> None:
    envelope = golden("webhook.replayed.v1")
    envelope["data"]["status"] = status

    with pytest.raises(UndecodableMessage, match="status"):
        decode(orjson.dumps(envelope))


@pytest.mark.parametrize("name", [*TYPES.values(), *VALUES])
def test_every_former_name_maps_to_a_known_type(name: str) -> None:
    assert name in BY_TYPE

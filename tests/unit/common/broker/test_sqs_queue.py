from typing import Any

import pytest

from orylo_common.broker.ports import BrokerUnavailable
from orylo_common.broker.sqs.queue import SqsQueue


class FailingSqs:
    """Rejects the second message of every deletion."""

    def __init__(self, code: str) -> None:
        self._code = code

    async def delete_message_batch(self, **call: Any) -> dict[str, Any]:
        ids = [entry["Id"] for entry in call["Entries"]]
        return {"Successful": [{"Id": ids[0]}], "Failed": [{"Id": ids[1], "Code": self._code, "SenderFault": True}]}


async def test_a_message_that_was_received_again_meanwhile_is_left_to_that_consumer() -> None:
    await SqsQueue(FailingSqs("ReceiptHandleIsInvalid"), "queue").delete(["one", "two"])


async def test_a_deletion_that_fails_otherwise_is_an_error() -> None:
    with pytest.raises(BrokerUnavailable, match="InternalError"):
        await SqsQueue(FailingSqs("InternalError"), "queue").delete(["one", "two"])

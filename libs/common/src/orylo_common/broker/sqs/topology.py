"""Create the topic, the queues and their subscriptions in AWS as `topology.py` defines them.

One SNS topic receives every message. Each SQS queue subscribes to it with a filter on the attribute `type`, and gets
the bodies as they were published (raw delivery). After `DELIVERY_LIMIT` receives SQS itself moves a message to the
queue's `-dlq`.
"""

from dataclasses import dataclass, field
from typing import Any

import orjson
from botocore.exceptions import ClientError

from orylo_common.broker.topology import DELIVERY_LIMIT, QUEUES, dead_letter_queue
from orylo_common.messages import type_of

TYPE = "type"
# The longest that SQS keeps a message: 14 days.
RETENTION_S = 14 * 24 * 3600


@dataclass
class Names:
    """The names in AWS, and the topic's ARN and the queues' URLs once they are known."""

    prefix: str
    visibility_s: int
    topic_arn: str = ""
    urls: dict[str, str] = field(default_factory=dict)

    def queue(self, queue: str) -> str:
        return f"{self.prefix}-{queue.replace('.', '-')}"

    async def url(self, sqs: Any, queue: str) -> str:
        if queue not in self.urls:
            answer = await sqs.get_queue_url(QueueName=self.queue(queue))
            self.urls[queue] = str(answer["QueueUrl"])
        return self.urls[queue]


async def declare(sns: Any, sqs: Any, names: Names) -> None:
    """Create missing topics and queues, and update the filters. Safe to repeat, and safe concurrently."""
    names.topic_arn = (await sns.create_topic(Name=f"{names.prefix}-messages"))["TopicArn"]
    for queue, messages in QUEUES.items():
        dead_letters = await _ensure_queue(sqs, names, dead_letter_queue(queue), {})
        redrive = {"deadLetterTargetArn": dead_letters, "maxReceiveCount": DELIVERY_LIMIT}
        arn = await _ensure_queue(sqs, names, queue, {"RedrivePolicy": _json(redrive)})
        await _let_topic_send(sqs, names, queue, arn)
        filters = _json({TYPE: [type_of(message) for message in messages]})
        await _subscribe(sns, names.topic_arn, arn, {"RawMessageDelivery": "true", "FilterPolicy": filters})


async def _ensure_queue(sqs: Any, names: Names, queue: str, attributes: dict[str, str]) -> str:
    """Return the queue's ARN. An existing queue is not changed, since CloudFormation may have created it."""
    settings = {"VisibilityTimeout": str(names.visibility_s), "MessageRetentionPeriod": str(RETENTION_S), **attributes}
    try:
        url = await names.url(sqs, queue)
    except ClientError as error:
        if "NonExistentQueue" not in error.response["Error"]["Code"]:
            raise
        url = (await sqs.create_queue(QueueName=names.queue(queue), Attributes=settings))["QueueUrl"]
        names.urls[queue] = url
    answer = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(answer["Attributes"]["QueueArn"])


async def _let_topic_send(sqs: Any, names: Names, queue: str, arn: str) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": names.topic_arn}},
            }
        ],
    }
    await sqs.set_queue_attributes(QueueUrl=names.urls[queue], Attributes={"Policy": _json(policy)})


async def _subscribe(sns: Any, topic_arn: str, queue_arn: str, attributes: dict[str, str]) -> None:
    answer = await sns.subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True)
    for name, value in attributes.items():
        await sns.set_subscription_attributes(
            SubscriptionArn=answer["SubscriptionArn"], AttributeName=name, AttributeValue=value
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()

"""The AWS templates create the queues that the adapter declares, and give each service only the rights it needs."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.api import lint_file  # type: ignore[import-untyped]
from cfnlint.decode import decode  # type: ignore[import-untyped]

from orylo_common.broker.ports import Outgoing
from orylo_common.broker.sqs.broker import VISIBILITY_S, SqsBroker
from orylo_common.broker.topology import QUEUES, dead_letter_queue
from orylo_common.control.keyring import Keyring
from orylo_common.ids import uuid7
from orylo_common.messages import type_of
from tests.support.sqs import sqs_server

TEMPLATES = Path(__file__).parents[2] / "deploy/aws"
REGION, ACCOUNT = "eu-west-1", "123456789012"
MADE, DECLARED = "made", "declared"
SOON = timedelta(seconds=45)

pytestmark = pytest.mark.filterwarnings(
    "ignore:Tried to parse AWS"
)  # resources that moto does not model; see `resolved`

Json = dict[str, Any]


def template(name: str) -> Json:
    document, problems = decode(str(TEMPLATES / name))
    assert not problems
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


MESSAGES, ACCESS = template("messages.yml"), template("access.yml")


@pytest.fixture(scope="module", autouse=True)
def credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield


@pytest.fixture(scope="module")
def aws(credentials: None) -> Iterator[str]:
    """Create a stack of `messages.yml` with the prefix `made`, and yield the endpoint."""
    with sqs_server() as endpoint:
        client("cloudformation", endpoint).create_stack(
            StackName="bus",
            TemplateBody=(TEMPLATES / "messages.yml").read_text(),
            Parameters=[{"ParameterKey": "Prefix", "ParameterValue": MADE}],
        )
        yield endpoint


def client(service: str, endpoint: str) -> Any:
    return boto3.Session().client(service, region_name=REGION, endpoint_url=endpoint)  # type: ignore[call-overload]


@asynccontextmanager
async def broker(endpoint: str, prefix: str) -> AsyncIterator[SqsBroker]:
    opened = await SqsBroker.open(f"sqs://?region={REGION}&prefix={prefix}&endpoint={endpoint}")
    try:
        yield opened
    finally:
        await opened.close()


def queue_names() -> Iterator[str]:
    for queue in QUEUES:
        yield from (queue, queue + "-dlq")


def queue_arn(prefix: str, queue: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{prefix}-{queue}"


@pytest.mark.parametrize("name", ["messages.yml", "access.yml"])
def test_the_template_is_valid(name: str) -> None:
    assert lint_file(TEMPLATES / name) == []


@pytest.mark.integration
async def test_the_stack_creates_the_same_queues_as_the_broker(aws: str) -> None:
    async with broker(aws, DECLARED) as bus:
        await bus.declare()
    sqs = client("sqs", aws)

    def attributes(prefix: str, queue: str) -> Json:
        url = sqs.get_queue_url(QueueName=f"{prefix}-{queue}")["QueueUrl"]
        names = ["VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy", "DelaySeconds", "MaximumMessageSize"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        found["RedrivePolicy"] = json.loads(found.get("RedrivePolicy", "{}").replace(f":{prefix}-", ":"))
        return found  # type: ignore[no-any-return]

    for queue in queue_names():
        assert attributes(MADE, queue) == attributes(DECLARED, queue), queue
    assert attributes(MADE, "detector")["VisibilityTimeout"] == str(VISIBILITY_S)


@pytest.mark.integration
async def test_the_broker_uses_the_queues_of_the_stack(aws: str) -> None:
    sqs = client("sqs", aws)
    before = sqs.list_queues(QueueNamePrefix=MADE)["QueueUrls"]

    async with broker(aws, MADE) as bus:
        await bus.declare()

    assert sqs.list_queues(QueueNamePrefix=MADE)["QueueUrls"] == before
    assert len(before) == 2 * len(QUEUES)
    topics = [topic["TopicArn"].rpartition(":")[2] for topic in client("sns", aws).list_topics()["Topics"]]
    assert sorted(topic for topic in topics if topic.startswith(MADE)) == [f"{MADE}-alarms", f"{MADE}-messages"]


@pytest.mark.integration
async def test_subscriptions_and_policies_equal_those_of_the_broker(aws: str) -> None:
    async with broker(aws, MADE) as bus:
        await bus.declare()
    sns, sqs = client("sns", aws), client("sqs", aws)
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{MADE}-messages"
    subscriptions = {
        one["Endpoint"]: sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
        for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    }

    assert set(subscriptions) == {queue_arn(MADE, queue) for queue in QUEUES}
    for queue in QUEUES:
        described = resolved(resource(f"{queue.capitalize()}Subscription"))
        declared = subscriptions[described["Endpoint"]]
        assert described == {
            "TopicArn": topic,
            "Protocol": "sqs",
            "Endpoint": queue_arn(MADE, queue),
            "RawMessageDelivery": json.loads(declared["RawMessageDelivery"]),
            "FilterPolicy": json.loads(declared["FilterPolicy"]),
        }
        url = sqs.get_queue_url(QueueName=f"{MADE}-{queue}")["QueueUrl"]
        policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        assert resolved(resource(f"{queue.capitalize()}QueuePolicy"))["PolicyDocument"] == json.loads(policy)


def test_every_queue_has_three_alarms() -> None:
    alarms = [one["Properties"] for one in MESSAGES["Resources"].values() if one["Type"] == "AWS::CloudWatch::Alarm"]
    watched = [(alarm["MetricName"], resolved(alarm["Dimensions"])[0]["Value"]) for alarm in alarms]

    assert sorted(watched) == sorted(
        [("ApproximateAgeOfOldestMessage", f"{MADE}-{queue}") for queue in QUEUES]
        + 2 * [("ApproximateNumberOfMessagesVisible", f"{MADE}-{queue}-dlq") for queue in QUEUES]
    )
    assert all(alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}] for alarm in alarms)


@pytest.mark.integration
@pytest.mark.parametrize("service", QUEUES)
async def test_a_service_may_make_all_its_calls_on_the_bus(aws: str, service: str) -> None:
    calls: set[tuple[str, str]] = set()
    async with broker(aws, MADE) as bus:
        for one in (bus._sns, bus._sqs):
            one.meta.events.register(
                "before-parameter-build", lambda params, model, **_: calls.add(call(params, model))
            )
        await use(bus, service)
        if service == "api":
            async with broker(aws, MADE) as others:
                for queue in QUEUES:
                    await dead_letter_one(others, queue)
            for queue in QUEUES:
                await settle_dead_letters(bus, queue)

    allowed = statements("Publishing", service.capitalize())
    assert calls
    for action, target in sorted(calls):
        assert any(permits(statement, action, target) for statement in allowed), f"{action} on {target}"


@pytest.mark.parametrize("service", [queue for queue in QUEUES if queue != "api"])
def test_a_service_has_no_access_to_other_services_messages(service: str) -> None:
    allowed = statements("Publishing", service.capitalize())

    for queue in queue_names():
        for action in ("ReceiveMessage", "DeleteMessage", "SendMessage", "CreateQueue", "DeleteQueue", "PurgeQueue"):
            may = any(permits(statement, f"sqs:{action}", queue_arn(MADE, queue)) for statement in allowed)
            wanted = action in ("ReceiveMessage", "DeleteMessage", "SendMessage") and queue == service
            wanted |= action == "SendMessage" and queue == f"{service}-dlq"
            assert may == wanted, f"{action} on {queue}"


def test_aws_generates_the_secrets() -> None:
    secrets = [
        one["Properties"] for one in ACCESS["Resources"].values() if one["Type"] == "AWS::SecretsManager::Secret"
    ]

    assert secrets
    assert all("SecretString" not in secret and "GenerateSecretString" in secret for secret in secrets)


def test_a_generated_master_key_is_valid_with_its_last_character_added() -> None:
    generated = ACCESS["Resources"]["MasterKey"]["Properties"]["GenerateSecretString"]
    assert generated == {"PasswordLength": 43, "ExcludePunctuation": True}

    keyring = Keyring.parse("Ab9" * 14 + "Z" + "=")

    assert keyring.decrypt(keyring.encrypt("secret")) == "secret"


async def use(bus: SqsBroker, service: str) -> None:
    """Make every call of a consumer, a publisher and a health check."""
    await bus.ping()
    await bus.publish([Outgoing(uuid7(), type_of(QUEUES[service][0]), b"{}") for _ in range(3)])
    subscription = await bus.subscribe(service, prefetch=10)
    done, released, refused = [(await subscription.receive(1, SOON))[0] for _ in range(3)]
    await subscription.ack([done])
    await subscription.release([released])
    await subscription.dead_letter(refused, "no use")
    (again,) = await subscription.receive(1, SOON)
    await subscription.retry(again, SOON)
    await subscription.close()


async def settle_dead_letters(bus: SqsBroker, queue: str) -> None:
    await bus.redrive(queue, [Outgoing(uuid7(), type_of(QUEUES[queue][0]), b"{}")])
    subscription = await bus.subscribe(dead_letter_queue(queue), prefetch=1)
    await subscription.release(await subscription.receive(1, SOON))
    await subscription.ack(await subscription.receive(1, SOON))
    await subscription.close()


async def dead_letter_one(bus: SqsBroker, queue: str) -> None:
    await bus.redrive(queue, [Outgoing(uuid7(), type_of(QUEUES[queue][0]), b"{}")])
    subscription = await bus.subscribe(queue, prefetch=1)
    await subscription.dead_letter((await subscription.receive(1, SOON))[0], "no use")
    await subscription.close()


def call(params: Mapping[str, Any], model: Any) -> tuple[str, str]:
    """Return the IAM action and the ARN of its resource."""
    action = f"{model.service_model.service_name}:{model.name.removesuffix('Batch')}"
    if name := params.get("QueueName") or params.get("QueueUrl", "").rpartition("/")[2]:
        return action, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    if "Name" in params:
        return action, f"arn:aws:sns:{REGION}:{ACCOUNT}:{params['Name']}"
    return action, params.get("TopicArn") or params.get("SubscriptionArn") or "*"


def permits(statement: Json, action: str, target: str) -> bool:
    actions, targets = (
        value if isinstance(value, list) else [value] for value in (statement["Action"], statement["Resource"])
    )
    return action in actions and any(fnmatchcase(target, pattern) for pattern in targets)


def statements(*policies: str) -> list[Json]:
    documents = [ACCESS["Resources"][policy]["Properties"]["PolicyDocument"] for policy in policies]
    return [resolved(statement) for document in documents for statement in document["Statement"]]


def resource(name: str) -> Json:
    return MESSAGES["Resources"][name]["Properties"]  # type: ignore[no-any-return]


def resolved(value: Any) -> Any:
    """Return the value as CloudFormation resolves it for the prefix `made`."""
    match value:
        case {"Fn::Sub": str(text)}:
            for name, meant in {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT}.items():
                text = text.replace(f"${{{name}}}", meant)
            return text.replace("${Prefix}", MADE)
        case {"Ref": "Topic"}:
            return f"arn:aws:sns:{REGION}:{ACCOUNT}:{MADE}-messages"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            called = resolved(resource(name)["QueueName"])
            return called if attribute == "QueueName" else queue_arn(MADE, called.removeprefix(f"{MADE}-"))
        case dict():
            return {key: resolved(one) for key, one in value.items()}
        case list():
            return [resolved(one) for one in value]
    return value

"""Generates the AsyncAPI document of the bus from the message contracts and the topology.

python -m orylo_common.asyncapi > docs/asyncapi.json
"""

import inspect
import sys
from collections.abc import Sequence
from typing import Any

import orjson
from pydantic.json_schema import models_json_schema

from orylo_common.broker.topology import QUEUES, dead_letter_queue
from orylo_common.messages import MESSAGES, Message, type_of
from orylo_common.messages.codec import IN_ENVELOPE

Json = dict[str, Any]

PUBLISHED = "published"

INTRODUCTION = """\
Messages are facts in the past tense, each in a CloudEvents 1.0 envelope in the JSON format. Delivery is at least \
once, and the order is not guaranteed. A published type only gains optional fields. Any other change makes a new \
version of the type, published together with the old one."""


def document() -> Json:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Orylo's messages", "version": "1.0.0", "description": INTRODUCTION},
        "defaultContentType": "application/cloudevents+json",
        "channels": {PUBLISHED: _published(), **{queue: _queue(queue) for queue in QUEUES}},
        "operations": {**_sends(), **_receives()},
        "components": {
            "messages": {type_of(message): _message(message) for message in MESSAGES},
            "schemas": _schemas(),
        },
    }


def _published() -> Json:
    types = [type_of(message) for message in MESSAGES]
    return {
        "address": "{type}",
        "description": "A published message is copied to every queue that is bound to its type.",
        "parameters": {"type": {"description": "the message's type", "enum": types}},
        "messages": _all_of(MESSAGES),
    }


def _queue(queue: str) -> Json:
    return {
        "address": queue,
        "description": f"Messages that cannot be handled are moved to {dead_letter_queue(queue)}.",
        "messages": _all_of(QUEUES[queue]),
    }


def _sends() -> Json:
    by_service: dict[str, list[type[Message]]] = {}
    for message in MESSAGES:
        by_service.setdefault(message.source.removeprefix("orylo/"), []).append(message)
    return {
        f"{service}.publish": _operation("send", PUBLISHED, f"{service} publishes", messages)
        for service, messages in by_service.items()
    }


def _receives() -> Json:
    return {
        f"{queue}.consume": _operation("receive", queue, f"{queue} consumes", messages)
        for queue, messages in QUEUES.items()
    }


def _operation(action: str, channel: str, summary: str, messages: Sequence[type[Message]]) -> Json:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{type_of(message)}"} for message in messages],
    }


def _all_of(messages: Sequence[type[Message]]) -> Json:
    return {type_of(message): {"$ref": f"#/components/messages/{type_of(message)}"} for message in messages}


def _message(message: type[Message]) -> Json:
    name = type_of(message)
    return {
        "name": name,
        "title": message.__name__,
        "summary": inspect.getdoc(message) or "",
        "contentType": "application/cloudevents+json",
        "payload": {
            "allOf": [{"$ref": "#/components/schemas/Envelope"}],
            "properties": {
                "type": {"const": name},
                "source": {"const": message.source},
                "data": {"$ref": f"#/components/schemas/{message.__name__}"},
            },
        },
    }


def _schemas() -> Json:
    _, definitions = models_json_schema(
        [(message, "validation") for message in MESSAGES], ref_template="#/components/schemas/{model}"
    )
    schemas: Json = definitions["$defs"]
    for message in MESSAGES:
        schema = schemas[message.__name__]
        schema["properties"] = {key: of for key, of in schema["properties"].items() if key not in IN_ENVELOPE}
        schema["required"] = [key for key in schema["required"] if key not in IN_ENVELOPE]
    return {"Envelope": ENVELOPE, **schemas}


def _attribute(description: str, **form: str) -> Json:
    return {"type": "string", **form, "description": description}


ENVELOPE: Json = {
    "type": "object",
    "description": "CloudEvents 1.0; tenantid, correlationid, causationid and traceparent are extensions.",
    "required": ["specversion", "id", "source", "type", "subject", "time", "tenantid", "correlationid", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": _attribute("the message's id; a redelivery has the same", format="uuid"),
        "source": _attribute("the service that published it"),
        "type": _attribute("the type of the message, with its version"),
        "subject": _attribute("the id of the message's subject"),
        "time": _attribute("when the fact occurred", format="date-time"),
        "datacontenttype": {"const": "application/json"},
        "tenantid": _attribute("the tenant", format="uuid"),
        "correlationid": _attribute("the first message of the chain", format="uuid"),
        "causationid": _attribute("the message that led directly to this one", format="uuid"),
        "traceparent": _attribute("W3C trace context"),
        "data": {"type": "object"},
    },
}


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

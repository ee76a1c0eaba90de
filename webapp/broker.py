"""RabbitMQ as the broker: publishers wait until it has taken a message, and what no worker can take lies where people see it.

A broker only rings here, so a message that is lost costs time and no work; still nobody should have to guess where it went.
With Redis and Valkey there is nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from amqp.exceptions import NotFound, PreconditionFailed
from kombu import Connection, Exchange, Queue

DEAD = "docloop.dead"
# the newest thousand of a week are enough to see what goes wrong
LIMITS = {"x-max-length": 1000, "x-message-ttl": 7 * 24 * 3600 * 1000}
CONFIRMED = {"confirm_publish": True}


def is_rabbitmq(url: str) -> bool:
    return urlsplit(url).scheme in {"amqp", "amqps", "pyamqp"}


def queues(names: Iterable[str]) -> list[Queue]:
    """The queues of workers, each of which leaves what is rejected to the exchange for dead letters."""
    return [
        Queue(name, Exchange(name), routing_key=name, queue_arguments={"x-dead-letter-exchange": DEAD})
        for name in names
    ]


def prepare(connection: Connection, wanted: Iterable[Queue]) -> None:
    """Have the queues there, as this release wants them. One that was made otherwise is made anew: its rings come again."""
    Queue(DEAD, Exchange(DEAD, "fanout"), queue_arguments=LIMITS)(connection.channel()).declare()
    for queue in wanted:
        try:
            queue(connection.channel()).declare()
        except PreconditionFailed:
            queue(connection.channel()).delete()
            queue(connection.channel()).declare()


def problems(connection: Connection, wanted: Iterable[Queue]) -> list[tuple[str, str]]:
    """(what is wrong, what to do) where the server doesn't hold things as this release wants them."""
    found = []
    channel: Any = connection.channel()  # py-amqp's, whose stubs lack what is asked here
    if not channel.connection.confirm_publish:
        found.append(("nobody waits until it has taken a message", "remove your own transport options"))
    try:
        Exchange(DEAD, "fanout", passive=True)(channel).declare()
    except NotFound:
        found.append(
            ("what no worker can take is thrown away", "restart the workers, which make an exchange for it")
        )
    for queue in wanted:
        try:
            queue(connection.channel()).queue_declare()
        except PreconditionFailed:
            found.append(
                (
                    f"the queue {queue.name} throws away what no worker can take",
                    f"rabbitmqctl delete_queue {queue.name}, and restart the workers",
                )
            )
    return found

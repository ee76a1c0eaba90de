"""RabbitMQ as the broker. With a real server where DOCLOOP_TEST_RABBITMQ names one: amqp://guest:guest@127.0.0.1:5672//"""

import os

import pytest
from kombu import Connection, Queue

from webapp import broker
from webapp.doctor import service_checks
from webapp.doctor.findings import Grade

ADDRESS = os.environ.get("DOCLOOP_TEST_RABBITMQ", "")
real = pytest.mark.skipif(not ADDRESS, reason="DOCLOOP_TEST_RABBITMQ names no server")
WANTED = broker.queues(["test-light", "test-training"])


@pytest.mark.parametrize(
    ("url", "is_it"),
    [("amqp://a@b//", True), ("amqps://a@b//", True), ("redis://b/0", False), ("memory://", False)],
)
def test_rabbitmq_is_told_by_its_address(url, is_it):
    assert broker.is_rabbitmq(url) == is_it


def test_the_doctor_tells_every_fault_with_its_remedy():
    assert service_checks.rabbit([]).grade == Grade.WELL
    found = service_checks.rabbit([("a", "do A"), ("b", "do B")])
    assert found.grade == Grade.WARNING and "a; b" in found.said and found.remedy == "do A; do B"


@pytest.fixture
def connection():
    with Connection(ADDRESS, transport_options=broker.CONFIRMED) as connection:
        forget(connection)
        yield connection
        forget(connection)


def forget(connection):
    for queue in (*WANTED, Queue(broker.DEAD)):
        queue(connection.channel()).delete()
    connection.channel().exchange_delete(broker.DEAD)


@real
def test_what_a_worker_rejects_is_kept_once_the_broker_is_prepared(connection):
    broker.prepare(connection, WANTED)
    assert broker.problems(connection, WANTED) == []
    channel = connection.channel()
    connection.Producer(channel).publish({"id": 4711}, routing_key="test-light", exchange="test-light")
    message = WANTED[0](channel).get()
    message.reject()
    dead = next(filter(None, (Queue(broker.DEAD)(channel).get() for _ in range(100))))
    assert dead.payload == {"id": 4711}


@real
def test_a_queue_of_an_earlier_release_is_named_and_made_anew(connection):
    Queue("test-light")(connection.channel()).queue_declare()
    said = [what for what, _ in broker.problems(connection, WANTED)]
    assert [each for each in said if "test-light" in each] and any("thrown away" in each for each in said)
    broker.prepare(connection, WANTED)
    assert broker.problems(connection, WANTED) == []


@real
def test_publishing_without_confirms_is_named(connection):
    broker.prepare(connection, WANTED)
    with Connection(ADDRESS) as careless:
        [(said, _)] = broker.problems(careless, WANTED)
    assert "waits until" in said

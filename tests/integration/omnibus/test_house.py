"""The private servers of the local house, for real: they are crashed, and nothing is left."""

import time

import pika
import psutil
import psycopg
import pytest
from psycopg import errors

from omnibus.local.house import House
from omnibus.local.postgres import DATABASES
from omnibus.local.processes import alive


def connect(house: House, name: str, role: str = "app") -> psycopg.Connection:
    url = house.postgres.url(name, role).replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def bus(house: House) -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(house.rabbitmq.url()))


@pytest.mark.parametrize("name", DATABASES)
def test_the_owner_defines_and_the_application_only_uses(house: House, name: str) -> None:
    with connect(house, name, "owner") as owner:
        owner.execute("CREATE TABLE IF NOT EXISTS probe (id bigserial PRIMARY KEY, word text)")

    with connect(house, name) as application:
        application.execute("INSERT INTO probe (word) VALUES ('one')")
        application.execute("UPDATE probe SET word = 'two'")
        assert application.execute("SELECT DISTINCT word FROM probe").fetchall() == [("two",)]
        application.execute("DELETE FROM probe")
        for forbidden in (
            "CREATE TABLE own (id int)",
            "CREATE TEMPORARY TABLE own (id int)",
            "ALTER TABLE probe ADD COLUMN more text",
            "DROP TABLE probe",
            "TRUNCATE probe",
            "CREATE SCHEMA own",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                application.execute(forbidden)


@pytest.mark.parametrize("other", ["customers", "postgres", "template1"])
def test_a_service_can_not_enter_another_database(house: House, other: str) -> None:
    url = house.postgres.url("leads").replace("+psycopg", "").rpartition("/")[0]

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(f"{url}/{other}")


def test_a_wrong_password_is_refused(house: House) -> None:
    port = house.ports.current("postgres")

    for user in ("postgres", "leads_app"):
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(
                host="127.0.0.1", port=port, user=user, password="guess", dbname="leads"
            )


def test_committed_work_is_durable(house: House) -> None:
    with connect(house, "deals") as connection:
        settings = {
            name: connection.execute(f"SHOW {name}").fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }

    assert settings == dict.fromkeys(settings, ("on",))


def test_a_killed_database_server_comes_back_with_what_was_committed(house: House) -> None:
    with connect(house, "finance", "owner") as owner:
        owner.execute("CREATE TABLE kept AS SELECT 1 AS one")
    port = house.ports.current("postgres")

    house.postgres.kill()
    assert not house.postgres.running
    house.postgres.start()

    assert house.ports.current("postgres") == port
    with connect(house, "finance") as application:
        assert application.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_killed_broker_comes_back_with_its_persistent_messages(house: House) -> None:
    connection = bus(house)
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"})
    persistent = pika.BasicProperties(delivery_mode=2)
    channel.basic_publish("", "kept", "上海".encode(), persistent, mandatory=True)
    connection.close()
    port = house.ports.current("rabbitmq")
    # RabbitMQ before 4 syncs the names of new quorum queues every half second, not at once: a queue
    # younger than that does not survive a crash (rabbitmq/ra pull request 443).
    time.sleep(1)

    house.rabbitmq.kill()
    assert not house.rabbitmq.running
    assert house.revive() == ["RabbitMQ"]

    assert house.ports.current("rabbitmq") == port
    connection = bus(house)
    _, _, body = connection.channel().basic_get("kept", auto_ack=True)
    connection.close()
    assert body == "上海".encode()


def test_there_is_no_guest(house: House) -> None:
    port = house.ports.current("rabbitmq")

    with pytest.raises(pika.exceptions.ProbableAuthenticationError):
        pika.BlockingConnection(pika.URLParameters(f"amqp://guest:guest@127.0.0.1:{port}/omnibus"))


def test_it_stops_without_a_trace_and_a_second_start_keeps_the_data(house: House) -> None:
    with connect(house, "gateway", "owner") as owner:
        owner.execute("CREATE TABLE second_start AS SELECT 2 AS two")
    processes = [psutil.Process(pid) for pids in house.all_pids().values() for pid in pids]
    family = [child for process in processes for child in process.children(recursive=True)]

    house.stop()

    assert len(processes) == 3, "database server, broker node, port mapper"
    assert [process for process in (*processes, *family) if alive(process)] == []
    house.start_infrastructure()
    with connect(house, "gateway") as application:
        assert application.execute("SELECT two FROM second_start").fetchone() == (2,)

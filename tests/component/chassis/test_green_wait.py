"""psycopg in a green process: a statement that waits stops nobody else."""

import eventlet
import psycopg
import pytest
from psycopg import waiting

from chassis import green_wait
from chassis.settings import settings


def connect() -> psycopg.Connection:
    url = settings().database_url("leads").replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True)


def sleep_in_the_database(_: int) -> tuple[float, float]:
    with connect() as connection:
        row = connection.execute(
            "select extract(epoch from clock_timestamp()), pg_sleep(0.3),"
            " extract(epoch from clock_timestamp())"
        ).fetchone()
    assert row is not None
    return float(row[0]), float(row[2])


def test_the_green_wait_is_the_one_in_use() -> None:
    assert waiting.wait is green_wait._wait


def test_statements_of_several_greenlets_run_at_the_same_time() -> None:
    times = list(eventlet.GreenPool(4).imap(sleep_in_the_database, range(4)))
    assert max(begun for begun, _ in times) < min(ended for _, ended in times)


def test_a_greenlet_that_waits_for_a_lock_lets_its_holder_go_on() -> None:
    """Without it, two greenlets that want one lock hang the process for ever."""
    with connect() as holder, connect() as waiter:
        holder.execute("select pg_advisory_lock(4711)")
        waiting_for_it = eventlet.spawn(waiter.execute, "select pg_advisory_lock(4711)")
        eventlet.sleep(0.1)
        assert not waiting_for_it.dead
        holder.execute("select pg_advisory_unlock(4711)")
        with eventlet.Timeout(10):
            waiting_for_it.wait()


def test_more_than_a_socket_takes_at_once_arrives_whole() -> None:
    text = "客户" * 3_000_000
    with connect() as connection:
        row = connection.execute("select length(%s::text), %s::text", (text, text)).fetchone()
    assert row == (len(text), text)


def test_a_session_that_the_server_ends_is_an_error_and_no_hang() -> None:
    with connect() as victim, connect() as other:
        pid = victim.execute("select pg_backend_pid()").fetchone()
        sleeper = eventlet.spawn(victim.execute, "select pg_sleep(60)")
        eventlet.sleep(0.1)
        other.execute("select pg_terminate_backend(%s)", pid)
        with eventlet.Timeout(10), pytest.raises(psycopg.OperationalError):
            sleeper.wait()


def test_a_killed_greenlet_leaves_no_listener_behind() -> None:
    with connect() as connection:
        sleeper = eventlet.spawn(connection.execute, "select pg_sleep(60)")
        eventlet.sleep(0.1)
        sleeper.kill()
        fileno = connection.pgconn.socket
        hub = eventlet.hubs.get_hub()
        assert all(fileno not in listeners for listeners in hub.listeners.values())

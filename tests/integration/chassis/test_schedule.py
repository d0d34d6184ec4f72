"""A schedule runs once per cluster and not too soon."""

import threading
from datetime import timedelta

from chassis import clock
from chassis.db import Database, Tx
from chassis.schedule import take_turn
from tests.fixtures.races import together
from tests.fixtures.things import tester


def turn(database: Database, name: str = "sweep", after: float = 0.0) -> bool:
    at = clock.now() + timedelta(seconds=after)
    return database.run(lambda tx: take_turn(tx, name, 60), tester, now=at)


def test_of_two_processes_that_tick_at_once_one_runs(database: Database) -> None:
    both_asked = threading.Barrier(2)

    def tick() -> bool:
        def work(tx: Tx) -> bool:
            mine = take_turn(tx, "sweep", 60)
            both_asked.wait(10)  # The lock is held to the end: the other neither waits nor runs.
            return mine

        return database.run(work, tester)

    assert sorted(together([tick, tick])) == [False, True]


def test_a_turn_is_not_taken_again_too_soon(database: Database) -> None:
    turns = [turn(database), turn(database), turn(database, after=50), turn(database, after=55)]

    assert turns == [True, False, False, True]  # A tenth early is not too soon.


def test_schedules_do_not_take_each_others_turns(database: Database) -> None:
    assert [turn(database, "a"), turn(database, "b"), turn(database, "a")] == [True, True, False]

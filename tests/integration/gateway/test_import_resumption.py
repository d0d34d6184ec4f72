"""Imports go on after whatever dies: the reader, the service, the process (L16)."""

import os
import signal
import threading

from sqlalchemy import select, update

from chassis.errors import Conflict, Unavailable
from gateway.imports import file_reader, runner
from gateway.imports.runner import ImportRunner
from gateway.persistence.tables import jobs
from tests.fixtures.gateway import admin
from tests.fixtures.imports import a_table, ended, queue, spawn


def test_a_service_that_is_away_for_a_while_delays_but_does_not_fail(service, leads, start):
    failures = iter([Unavailable("service_unreachable"), Conflict("request_in_flight")] * 2)

    def sometimes(chunk):
        failure = next(failures, None)
        if failure:
            raise failure

    leads.before = sometimes
    start()

    assert ended(service, queue(service, a_table(30)))["state"] == "succeeded"
    assert len(leads.made) == 30


def test_a_job_is_resumed_when_the_child_that_reads_the_file_is_killed(
    service, leads, start, monkeypatch
):
    readers = []

    class Watched(file_reader.FileReader):
        def __enter__(self):
            readers.append(self)
            return super().__enter__()

    monkeypatch.setattr(runner, "FileReader", Watched)
    monkeypatch.setattr(runner, "CHUNK_ROWS", 500)
    chunks = []

    def kill_the_first_reader(chunk):
        chunks.append(chunk)
        if chunk == 2 and len(readers) == 1:
            os.kill(readers[0].pid, signal.SIGKILL)

    leads.before = kill_the_first_reader
    start()

    # Large enough that the pipe holds but a part of it when the child dies.
    job = ended(service, queue(service, a_table(20_000)))

    assert job["state"] == "succeeded"
    assert job["result"]["created"] == 20_000
    assert len(readers) == 2
    assert chunks.count(0) == chunks.count(1) == 1


def test_a_file_that_always_kills_its_reader_fails(service, start, monkeypatch):
    class Doomed(file_reader.FileReader):
        def __enter__(self):
            entered = super().__enter__()
            os.kill(self.pid, signal.SIGKILL)
            return entered

    monkeypatch.setattr(runner, "FileReader", Doomed)
    start()

    assert ended(service, queue(service, a_table(1)))["error"]["code"] == "file_too_complex"


def test_another_process_goes_on_where_a_dead_one_stopped(service, leads, start):
    job_id = queue(service, a_table(50))
    dead, reached = ImportRunner(service, leads, spawn), threading.Event()

    def die_at_the_third(chunk):
        if chunk == 2:
            reached.set()
            threading.Event().wait()  # As a killed process: it neither goes on nor gives back.

    leads.before = die_at_the_third
    dead.start()
    reached.wait(10)
    dead._stopped = True  # Its lease is renewed no more.
    leads.before = lambda chunk: None
    with service.database.transaction(admin) as tx:
        past = tx.now.replace(year=2020)
        tx.execute(update(jobs).where(jobs.c.id == job_id).values(lease_until=past))
    start()

    job = ended(service, job_id)

    assert job["result"]["created"] == 50
    keys = [key for _, _, key in leads.sent]
    assert keys.count(f"{job_id}:0") == keys.count(f"{job_id}:1") == 1
    assert len(leads.made) == 50


def test_a_process_that_ends_gives_its_jobs_back(service, leads, start):
    reached, go_on = threading.Event(), threading.Event()

    def pause(chunk):
        reached.set()
        go_on.wait(10)

    leads.before = pause
    job_id = queue(service, a_table(100))
    first = start()
    reached.wait(10)
    spawn(go_on.set)
    first.stop()

    with service.database.transaction(admin) as tx:
        row = tx.row(select(jobs.c.state, jobs.c.lease_until).where(jobs.c.id == job_id))
    assert (row.state, row.lease_until) == ("running", None)
    start()
    assert ended(service, job_id)["result"]["created"] == 100

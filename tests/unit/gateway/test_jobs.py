"""Jobs: leases, progress, ends."""

from datetime import timedelta

import pytest

from chassis.errors import Conflict, Refused
from gateway.domain import jobs
from tests.fixtures.gateway import ANN, T0, a_job

LATER = T0 + jobs.LEASE + timedelta(seconds=1)


def running(**fields):
    return jobs.take(a_job(**fields), holder="one", now=T0)


def test_a_job_is_taken_by_one_runner():
    job = running()

    assert (job.state, job.started_at) == ("running", T0)
    assert jobs.take(job, holder="two", now=T0) is None


def test_a_job_whose_runner_is_gone_is_taken_over():
    job = jobs.take(running(), holder="two", now=LATER)

    assert job.lease_holder == "two"
    assert job.started_at == T0


def test_an_ended_job_is_not_taken():
    job, _ = jobs.cancel(a_job(), by=ANN, now=T0)

    assert jobs.take(job, holder="one", now=LATER) is None


def test_a_runner_that_lost_its_job_is_told():
    job = jobs.take(running(), holder="two", now=LATER)

    with pytest.raises(Conflict, match="job_not_held"):
        jobs.hold(job, holder="one")


def test_progress_never_goes_back():
    job = jobs.advance(running(), done=500, total=1000, now=T0)
    job = jobs.advance(job, done=400, total=1000, now=T0)

    assert job.progress == {"done": 500, "total": 1000, "unit": "rows", "percent": 50}


def test_progress_has_no_percentage_before_the_total_is_known():
    assert a_job().progress["percent"] is None
    assert a_job(total=0).progress["percent"] == 100


@pytest.mark.parametrize(
    ("result", "state"),
    [({"created": 3, "invalid": 0}, "succeeded"), ({"invalid": 1}, "partially_succeeded")],
    ids=["all rows fine", "a wrong row"],
)
def test_the_end_says_whether_rows_were_wrong(result, state):
    job, event = jobs.finish(running(), result, now=T0)

    assert (job.state, job.finished_at, job.lease_holder) == (state, T0, None)
    assert event.after is job


def test_a_failed_job_says_why():
    job, _ = jobs.fail(running(), "no_rows", {}, now=T0)

    assert (job.state, job.error) == ("failed", {"code": "no_rows", "details": {}})


def test_an_ended_job_is_not_cancelled():
    job, _ = jobs.finish(running(), {}, now=T0)

    with pytest.raises(Refused, match="job_already_ended"):
        jobs.cancel(job, by=ANN, now=T0)

"""`make run`: bring the whole system up, show it, keep it, and leave nothing behind."""

import json
import os
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from omnibus.local import lock, signals, view
from omnibus.local.house import House, default_home
from omnibus.problem import Problem
from omnibus.serve import ROLES

# Columns of the output when it goes to a file, where nobody has a window to fit.
FILE_WIDTH = 130
# Seconds between two looks at whether everything still lives.
WATCH = 2.0


def run(*, sample: bool) -> None:
    """Start everything, then wait for a signal; returns when all is stopped.

    Args:
        sample: Seed sample data when there is none, and show one customer.

    Raises:
        Problem: Something is in the way; what had been started is stopped.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
    started = time.monotonic()

    def notify(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/dim]  {text}", soft_wrap=True)

    with lock.held(default_home()), signals.raised_as_ended():
        house = House(notify=notify)
        try:
            _start(house, notify)
            _introduce(house, console, sample)
            console.print(f"Up after {time.monotonic() - started:.1f} s. Ctrl-C stops everything.")
            _watch(house, notify)
        except signals.Ended:
            console.print("Stopping …")
        finally:
            # The first signal may arrive here, while a failed start is being cleaned up.
            signals.ignore()
            house.stop()
            summary_file(house.home).unlink(missing_ok=True)
        console.print("Stopped.")


def summary_file(home: Path) -> Path:
    """Return the file that tells tools how to reach the running system."""
    return home / "omnibus.json"


def _start(house: House, notify: Any) -> None:
    # First what takes no time: a port that is taken, or work that an aborted run left running.
    house.supervisor.stop()
    house.choose_api_port()
    house.start_prepared()
    # Code of the services that is used in this process reads its settings from the environment.
    os.environ.update(house.env())
    house.start_processes(ROLES)
    house.wait_until_ready(on_ready=lambda role: notify(f"{role} is ready"))


def _introduce(house: House, console: Console, sample: bool) -> None:
    key = _admin_key(house)
    customer = house.state.get("sample", "customer_id")
    if sample and not customer:
        customer = _seed(house, console, key)
        house.state.put("sample", "customer_id", customer)
    _write_summary(house, key, customer)
    if customer:
        view.show(_read_360(house, key, customer), console)
    console.print(f"API      {house.api_url()}/v1")
    console.print(f"Docs     {docs_url(house)}")
    console.print(f"Metrics  {house.health_url('gateway')}/metrics (and one per process)")
    console.print(f"Key      {summary_file(house.home)} (admin_api_key)", soft_wrap=True)


def docs_url(house: House) -> str:
    """Return the URL of the documentation page of the API."""
    return f"{house.api_url()}/docs"


def _admin_key(house: House) -> str:
    from gateway.identity import bootstrap_admin

    url = house.env()["GATEWAY_DATABASE_URL"]
    made = bootstrap_admin(url)
    if made:
        house.state.put("gateway", "admin_api_key", made)
        return str(made)
    known = house.state.get("gateway", "admin_api_key")
    if not known:
        raise Problem(
            "The gateway's database has an administrator whose key is not stored in this checkout:"
            " run it where the data was made, or forget the data with `make reset`."
        )
    return str(known)


def _seed(house: House, console: Console, key: str) -> str:
    from omnibus import sample

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Sample data 示例数据", total=None)

        def report(done: int, total: int, what: str = "") -> None:
            text = f"Sample data 示例数据 {what}".rstrip()
            progress.update(task, completed=done, total=total, description=text)

        try:
            seeded = sample.seed(house.api_url(), key, size="small", progress=report)
        except Problem:
            raise
        except Exception as error:
            # Whatever went wrong in there, the reader needs one sentence and the way out.
            raise Problem(
                f"The sample data could not be seeded ({_brief(error)}): run `make reset` and try"
                " again, or `python -m omnibus run --no-sample` to start without it."
            ) from error
    return str(seeded.sample_customer_id)


def _read_360(house: House, key: str, customer: str) -> dict[str, Any]:
    url = f"{house.api_url()}/v1/customers/{customer}/360"
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}
    try:
        answer = httpx.get(url, headers=headers, timeout=10, trust_env=False)
        answer.raise_for_status()
        return dict(answer.json())
    except (httpx.HTTPError, ValueError) as error:
        raise Problem(
            f"The 360 view of the sample customer could not be read ({_brief(error)}):"
            f" see {house.supervisor.log('gateway')}."
        ) from error


def _brief(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]


def _write_summary(house: House, key: str, customer: str | None) -> None:
    summary = {
        "api": house.api_url(),
        "docs": docs_url(house),
        "metrics": f"{house.health_url('gateway')}/metrics",
        "metrics_by_role": {role: f"{house.health_url(role)}/metrics" for role in ROLES},
        "admin_api_key": key,
        "sample_customer_id": customer,
        "pids": {"run": [os.getpid()], **house.all_pids()},
    }
    path = summary_file(house.home)
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(summary, file, indent=2)
    draft.replace(path)


def _watch(house: House, notify: Any) -> None:
    """Revive what dies and keep the process ids in the summary true, until a signal comes."""
    path = summary_file(house.home)
    known = house.all_pids()
    while True:
        time.sleep(WATCH)
        try:
            for name in house.revive():
                notify(f"{name} had died and was started again")
            pids = house.all_pids()
        except Problem as problem:
            notify(str(problem))
            continue
        except (OSError, xmlrpc.client.Error):
            # The process manager is on its way out or in; the next look will tell.
            continue
        if pids != known:
            known = pids
            summary = json.loads(path.read_text(encoding="utf-8"))
            _write_summary(house, summary["admin_api_key"], summary["sample_customer_id"])

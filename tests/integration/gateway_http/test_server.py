"""The gateway under its real server: health, metrics of all workers, and a clean end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from omnibus.local.ports import find_free
from tests.fixtures.gateway_http import KEY, LEAD_ID

ROOT = Path(__file__).resolve().parents[3]
HEADERS = {"Authorization": f"Bearer {KEY}"}


@dataclass
class Server:
    """A running gunicorn."""

    process: subprocess.Popen[bytes]
    api: str
    health: str
    log: Path

    def counted(self) -> float:
        """Return how many reads of leads the metrics of all workers sum up to."""
        text = httpx.get(f"{self.health}/metrics").text
        return sum(
            float(line.rpartition(" ")[2])
            for line in text.splitlines()
            if line.startswith("crm_http_requests_total") and "/v1/leads/<id>" in line
        )

    def wait_until(self, path: str, status: int) -> None:
        """Wait until a health page has a status."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.health}{path}").status_code == status:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{path} was never {status}: {self.log.read_text()[-2000:]}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Start gunicorn as the product does, with stand-ins behind the app."""
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "counter_1.db").write_bytes(b"left over from another run")
    with _started(tmp_path, PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "samples")) as running:
        yield running


@contextmanager
def _started(tmp_path: Path, **variables: str) -> Iterator[Server]:
    port = find_free()
    health = find_free({port})
    log = tmp_path / "log"
    environment = {
        **{name: one for name, one in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"},
        "GATEWAY_BIND": f"127.0.0.1:{port}",
        "HEALTH_PORT": str(health),
        "HEALTH_HOST": "127.0.0.1",
        "LOG_FORMAT": "json",
        "PYTHONPATH": str(ROOT),
        **variables,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "gateway/gunicorn_conf.py"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "tests.fixtures.gateway_http:served_app()"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running = Server(process, f"http://127.0.0.1:{port}", f"http://127.0.0.1:{health}", log)
    try:
        running.wait_until("/readyz", 200)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def test_health_and_metrics_come_from_the_master_and_count_all_workers(server: Server) -> None:
    for _ in range(10):
        assert httpx.get(f"{server.api}/v1/leads/{LEAD_ID}", headers=HEADERS).status_code == 200

    assert server.counted() == 10
    assert httpx.get(f"{server.health}/livez").status_code == 200
    assert httpx.get(f"{server.health}/startupz").status_code == 200
    assert httpx.get(f"{server.api}/metrics", headers=HEADERS).status_code == 404
    assert '"event":"http_request"' in server.log.read_text()


def test_a_killed_worker_is_replaced_and_no_counter_falls(server: Server) -> None:
    url = f"{server.api}/v1/leads/{LEAD_ID}"
    for _ in range(6):
        httpx.get(url, headers=HEADERS)
    workers = psutil.Process(server.process.pid).children()

    workers[0].kill()
    psutil.wait_procs(workers[:1], 5)

    # The other worker serves on, and the dead one's samples stay in the sums.
    assert httpx.get(url, headers=HEADERS).status_code == 200
    assert server.counted() == 7
    server.wait_until("/readyz", 200)


def test_sigterm_lets_a_running_request_finish_and_ends_cleanly(server: Server) -> None:
    answers: list[int] = []

    def claim() -> None:
        url = f"{server.api}/v1/leads/{LEAD_ID}/claim"
        answers.append(httpx.post(url, headers=HEADERS, timeout=10).status_code)

    running = threading.Thread(target=claim)
    running.start()
    time.sleep(0.4)
    server.process.send_signal(signal.SIGTERM)
    running.join(10)

    assert answers == [200]
    assert server.process.wait(25) == 0
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_was_given_no_folder_for_samples_leaves_none_behind(tmp_path: Path) -> None:
    with _started(tmp_path, TMPDIR=str(tmp_path)) as server:
        assert len(list(tmp_path.glob("omnibus-metrics-*"))) == 1
        assert httpx.get(f"{server.health}/metrics").status_code == 200

        server.process.send_signal(signal.SIGTERM)
        server.process.wait(25)

    assert list(tmp_path.glob("omnibus-metrics-*")) == []


def test_reading_the_configuration_makes_no_folder(tmp_path: Path) -> None:
    variables = {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "import gateway.gunicorn_conf"]

    subprocess.run(command, env=variables, check=True)

    assert list(tmp_path.iterdir()) == []

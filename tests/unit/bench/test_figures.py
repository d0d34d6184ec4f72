"""What the measurements say: figures against their goals, loads against a real server."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from bench import figures
from bench.cpu import Meter, per_request
from bench.load import Load, Request
from bench.system import hello_world


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bodies: list[bytes] = []

    def do_POST(self) -> None:
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(201)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    _Answers.bodies = []
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield "127.0.0.1", made.server_address[1]
    made.shutdown()
    thread.join()
    made.server_close()


def test_every_request_of_a_list_is_sent_once(server: tuple[str, int]) -> None:
    requests = [Request("POST", "/", {}, f"客户 {number}") for number in range(50)]
    seen = Load(server, requests, connections=4).run().expect(201)
    assert seen.count == 50
    assert sorted(body.decode() for body in _Answers.bodies) == sorted(r.body for r in requests)
    assert 0 < seen.p50 <= seen.p99


def test_an_answer_that_is_none_makes_no_figure(server: tuple[str, int]) -> None:
    seen = Load(server, [Request("POST", "/", {}, "x")], connections=1).run()
    with pytest.raises(SystemExit, match="201"):
        seen.expect(200)


def test_the_hello_world_answers_on_the_gateways_settings() -> None:
    with hello_world() as (address, pid):
        load = Load(address, [Request("GET", "/", {})], connections=2, seconds=0.2, warm=1)
        meter = Meter(lambda: {"hello": [pid]})
        meter.start()
        seen = load.run().expect(200)
        assert per_request(meter.stop(), seen.count)["hello"] > 0
        workers = psutil.Process(pid).children()
    assert len(workers) == 2


def test_a_meter_counts_children_that_have_ended() -> None:
    code = (
        "import subprocess, sys, time\n"
        "burn = 'sum(i * i for i in range(2_000_000))'\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "subprocess.run([sys.executable, '-c', burn])\n"
        "print('done', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        meter = Meter(lambda: {"burning": [process.pid]})
        meter.start()
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        assert meter.stop()["burning"] > 0.02
        process.stdin.close()


def test_goals_are_shown_reached_or_not() -> None:
    results = {
        "event": {"p50_ms": 9.0, "p99_ms": 60.0},
        "create_lead": {
            "cpu_ms": 7.5, "cpu_ms_by_role": {"leads": 3.2}, "per_second": 90.0, "p50_ms": 80.0,
            "p99_ms": 200.0, "foreign_cores": 0.9,
        },
    }  # fmt: skip
    shown = figures.show(results)
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    assert lines["Event: commit → effect, p50"].endswith("yes")
    assert lines["Event: commit → effect, p99"].endswith("NO")
    assert lines["Create one lead"].endswith("yes")
    assert "leads 3.2" in shown and "0.9 cores" in shown
    assert "360" not in shown, "what was not measured is not shown"

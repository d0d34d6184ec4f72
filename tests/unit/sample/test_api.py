"""The sample data's way to the API: patient with what passes, plain about what does not."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from omnibus.problem import Problem
from omnibus.sample.api import Api

Answer = tuple[int, dict[str, str], dict[str, object]]


class Script(ThreadingHTTPServer):
    """A server that gives the answers it was told, in order, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Script

    def do_POST(self) -> None:
        self.server.asked.append(dict(self.headers))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, headers, body = self.server.answers.pop(0)
        text = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def script() -> Iterator[Script]:
    server = Script()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("status", [429, 503])
def test_what_passes_is_asked_again_with_the_same_key(script: Script, status: int) -> None:
    script.answers = [(status, {"Retry-After": "0"}, {}), (201, {}, {"id": "made"})]
    api = Api(script.url, "key")
    assert api.post("/v1/leads", {"name": "王芳"})["id"] == "made"
    api.close()
    first, second = script.asked
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert second["Authorization"] == "Bearer key"


def test_a_refusal_is_told_with_its_code_and_fields_and_not_repeated(script: Script) -> None:
    wrong = {"code": "invalid_request", "errors": [{"pointer": "#/phone", "code": "required"}]}
    script.answers = [(422, {}, wrong)]
    api = Api(script.url, "key")
    with pytest.raises(Problem, match=r"422 invalid_request.*#/phone required"):
        api.post("/v1/leads", {})
    api.close()
    assert len(script.asked) == 1


def test_only_the_patient_wait_for_what_is_not_there_yet(script: Script) -> None:
    gone: Answer = (404, {}, {"code": "not_found"})
    script.answers = [gone, (200, {}, {"status": "approved"}), gone]
    api = Api(script.url, "key")
    assert api.post("/v1/contracts/1/approve", {}, patient=True)["status"] == "approved"
    with pytest.raises(Problem, match="not_found"):
        api.post("/v1/contracts/1/approve", {})
    api.close()

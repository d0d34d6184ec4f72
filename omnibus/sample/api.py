"""The gateway's HTTP API as the sample data uses it: retried, with idempotency keys."""

import time
from collections.abc import Mapping
from typing import Any

import httpx

from chassis.ids import new_id
from omnibus.problem import Problem

_AGAIN = (429, 502, 503, 504)
_PATIENCE = 45.0
"""Seconds that one request may take with all its repeats."""


class Api:
    """Calls in the name of one person; safe to share between threads."""

    def __init__(self, url: str, key: str, client: httpx.Client | None = None) -> None:
        # No proxy of the environment may stand between us and our own processes.
        self._client = client or httpx.Client(base_url=url, timeout=20, trust_env=False)
        self._own = {"Authorization": f"Bearer {key}", "Accept-Language": "en"}

    def of(self, key: str) -> "Api":
        """Return the same API in the name of another key's person."""
        return Api("", key, self._client)

    def close(self) -> None:
        """Close the connections, also those of `of`."""
        self._client.close()

    def get(self, path: str, **query: Any) -> Any:
        """Return what a GET answers."""
        return self._call("GET", path, params=query).json()

    def post(
        self, path: str, body: Mapping[str, Any], *, patient: bool = False, wait: int = 0
    ) -> Any:
        """Return what a POST answers; it has one effect however often it is repeated.

        Args:
            patient: Repeat it also on 404: what it needs is on its way between the services.
            wait: Seconds that a conversion may hold the answer.
        """
        headers = {"Idempotency-Key": new_id()}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        given = {name: value for name, value in body.items() if value is not None}
        return self._call("POST", path, patient=patient, json=given, headers=headers).json()

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return what a PATCH of any version answers."""
        return self._call("PATCH", path, json=dict(body), headers={"If-Match": "*"}).json()

    def upload(self, path: str, name: str, file: bytes) -> Any:
        """Return what the upload of a file answers."""
        return self._call("POST", path, files={"file": (name, file, "text/csv")}).json()

    def _call(
        self,
        verb: str,
        path: str,
        *,
        patient: bool = False,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        until, pause = time.monotonic() + _PATIENCE, 0.1
        while True:
            try:
                answer = self._client.request(
                    verb, path, headers={**self._own, **(headers or {})}, **content
                )
            except httpx.TransportError as error:
                if time.monotonic() > until:
                    raise Problem(f"{verb} {path}: {error}") from error
            else:
                if answer.is_success:
                    return answer
                again = answer.status_code in _AGAIN or (patient and answer.status_code == 404)
                if not again or time.monotonic() > until:
                    raise Problem(f"{verb} {path}: {answer.status_code} {_told(answer)}")
                pause = min(float(answer.headers.get("Retry-After", pause)), 2.0)
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)


def _told(answer: httpx.Response) -> str:
    """Return code and wrong fields of a refusal."""
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    fields = [f"{error.get('pointer')} {error.get('code')}" for error in problem.get("errors", ())]
    return " ".join([str(problem.get("code")), str(problem.get("detail", "")), *fields])

"""How gunicorn runs the gateway; read by `gunicorn -c gateway/gunicorn_conf.py`.

The master serves health and metrics from a thread of its own, so that a scrape works while every
worker thread is busy, and keeps them off the port that the world sees.
"""

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

# Before anything imports prometheus_client: it decides at import whether it shares its samples.
_OWN_FOLDER = "PROMETHEUS_MULTIPROC_DIR" not in os.environ
if _OWN_FOLDER:
    _NAME = f"omnibus-metrics-{secrets.token_hex(8)}"
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(Path(tempfile.gettempdir(), _NAME))
_SAMPLES = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])

bind = os.environ.get("GATEWAY_BIND", "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("GATEWAY_WORKERS", "2"))
threads = int(os.environ.get("GATEWAY_THREADS", "16"))
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 0
preload_app = False
# It would open a socket in the home folder, which may be read-only.
control_socket_disable = True
_MEMORY = "/dev/shm"  # noqa: S108
if os.access(_MEMORY, os.W_OK):
    # The workers' heartbeat files must not wait for a disk.
    worker_tmp_dir = _MEMORY
accesslog = None
logger_class = "gateway.http.server_log.ServerLog"

_BEAT_SECONDS = 0.5


def on_starting(server: Any) -> None:
    """Forget the samples of an earlier run; its processes are gone."""
    # The folder itself stays: workers of a master that was killed may still be answering, and one
    # that can not open its file of samples answers 500.
    _SAMPLES.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in _SAMPLES.iterdir():
        path.unlink(missing_ok=True)


def when_ready(server: Any) -> None:
    """Serve health and metrics from the master."""
    from gateway.http.probes import serve_health

    server.omnibus_health = serve_health(_SAMPLES)


def post_worker_init(worker: Any) -> None:
    """Connect: after the fork, or two processes would share one socket."""
    from gateway.http.probes import Beat

    parts = worker.wsgi.extensions["parts"]
    parts.begin()
    worker.omnibus_beat = Beat(parts.rpc, _BEAT_SECONDS)
    worker.omnibus_beat.start()


def worker_exit(server: Any, worker: Any) -> None:
    """Disconnect when the last request has been answered."""
    beat = getattr(worker, "omnibus_beat", None)
    if beat is not None:
        beat.stop()
        worker.wsgi.extensions["parts"].end()


def child_exit(server: Any, worker: Any) -> None:
    """Drop the live gauges of a worker that is gone; its counters stay in the sums."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    """Remove the samples if nobody else chose their folder."""
    if _OWN_FOLDER:
        shutil.rmtree(_SAMPLES, ignore_errors=True)

"""Health of the gateway: the workers say whether their RPC client is connected, the master tells.

Readiness does not ask whether every service answers: with finance down the API serves the rest.
"""

import threading
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from chassis.health import Health
from chassis.settings import settings
from gateway.http import metrics
from gateway.http.operations import Rpc

_GAUGE = "crm_gateway_rpc_connected"


class Beat:
    """A worker's thread that keeps its readiness gauge true."""

    def __init__(self, rpc: Rpc, seconds: float) -> None:
        self._rpc = rpc
        self._seconds = seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def stop(self) -> None:
        """Report that this worker serves no more."""
        self._stopped.set()
        self._thread.join(2)
        metrics.RPC_READY.set(0)

    def _run(self) -> None:
        while not self._stopped.is_set():
            metrics.RPC_READY.set(1 if self._rpc.connected else 0)
            self._stopped.wait(self._seconds)


def collected() -> CollectorRegistry:
    """Return the samples of all workers; a fresh registry, or they would be counted twice."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def connected_workers(samples: Path) -> int:
    """Return how many living workers have a connected RPC client."""
    files = [str(file) for file in samples.glob("gauge_livesum_*.db")]
    for metric in MultiProcessCollector.merge(files):
        if metric.name == _GAUGE:
            return int(sum(sample.value for sample in metric.samples))
    return 0


def serve_health(samples: Path) -> Health:
    """Serve `/livez /readyz /startupz /metrics` from the calling process.

    The master has no hub that could get stuck: that its thread answers is its liveness.
    """
    config = settings()
    health = Health(
        {"rpc": lambda: connected_workers(samples) > 0},
        max_age=float("inf"),
        registry=collected,
    )
    health.serve(config.health_host, config.health_port)
    return health

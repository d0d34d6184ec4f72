"""Starts one process of the house: patching, logging, health port, nameko runner, drain.

nameko's own command line does not start on Python 3.12 and later, so this is the entry point.
"""

import os
import signal
from typing import Any

ROLES = ("leads", "customers", "deals", "finance", "gateway-worker", "relay")


def main(role: str) -> int:
    """Run a process of a role until SIGTERM; returns its exit code."""
    if role == "relay":
        from chassis.relay import main as relay_main

        return relay_main()
    if role not in ROLES:
        raise SystemExit(f"There is no role {role}; choose one of {', '.join(ROLES)}.")
    patch()
    return Host(service_class(role), role).run()


def service_class(role: str) -> Any:
    """Return the service class of a role; imports it only now, after patching."""
    import importlib

    module = "gateway.service" if role == "gateway-worker" else f"services.{role}.service"
    return importlib.import_module(module).SERVICE


def patch() -> None:
    """Make the standard library green; must come before anything opens a socket."""
    # With the C wait of psycopg one greenlet that waits for a row lock stops all the others.
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    import warnings

    # The warning is heard: docs/decisions tells the way out. In every process' log it is noise.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
    import eventlet

    eventlet.monkey_patch()
    from chassis import green_wait

    green_wait.install()


class Host:
    """One hosted service: container, health, background runners, signals."""

    def __init__(self, service: Any, role: str) -> None:
        self.service = service
        self.role = role

    def run(self) -> int:
        """Serve until a signal; returns 0 after a clean drain, 1 if work had to be aborted."""
        from nameko.runners import ServiceRunner

        from chassis import logging as logs
        from chassis import metrics
        from chassis.bus import equip, prefetch_sum

        logs.configure(self.role)
        # Twice the prefetches: an acknowledgement leaves before its worker has ended.
        workers = 2 * prefetch_sum(self.service) + 8
        runner = ServiceRunner({"max_workers": workers})
        runner.add_service(equip(self.service))
        container = next(iter(runner.containers))
        metrics.WORKERS_SIZE.labels(self.service.name).set(workers)
        self.exit_code = 0
        bus = next(ext for ext in container.subextensions if type(ext).__name__ == "Bus")
        self._health(bus, container)
        self._signals(runner)
        runner.start()
        background = self._background(container)
        try:
            runner.wait()
        finally:
            for runner_ in background:
                runner_.stop()
            self.service.database.dispose()
        return self.exit_code

    def _health(self, bus: Any, container: Any) -> None:
        import eventlet

        from chassis import clock, metrics
        from chassis.health import Health
        from chassis.settings import settings

        database = self.service.database
        name = self.service.name
        self.health = Health(
            {
                "consumers": lambda: bus.ready,
                "database": database.ping,
                "schema": lambda: database.revision() is not None,
            }
        )

        def beat() -> None:
            while True:
                before = clock.monotonic()
                eventlet.sleep(0.25)
                late = clock.monotonic() - before - 0.25
                metrics.HUB_LAG.labels(name).observe(max(late, 0.0))
                metrics.HUB_BEAT.labels(name).set_to_current_time()
                metrics.WORKERS_RUNNING.labels(name).set(container._worker_pool.running())
                self.health.beat()

        eventlet.spawn(beat)
        config = settings()
        self.health.serve(config.health_host, config.health_port)

    def _background(self, container: Any) -> list[Any]:
        """Start what runs beside the workers: sagas and the service's own runners."""
        import eventlet

        from chassis.actor import ActorSigner
        from chassis.rpc_client import RpcClient
        from chassis.saga import SagaRunner
        from chassis.settings import settings

        sagas = getattr(self.service, "sagas", ())
        extra = getattr(self.service, "background", ())
        started: list[Any] = []
        if not sagas and not extra:
            return started
        config = settings()
        if config.actor_private_key_file is None:
            raise SystemExit("Set ACTOR_PRIVATE_KEY_FILE: sagas sign their calls with it.")
        signer = ActorSigner.load(config.actor_private_key_file)
        client = RpcClient(config.amqp_url, signer, caller=self.service.name)
        client.start()
        if sagas:
            runner = SagaRunner(self.service.database, sagas, client, eventlet.spawn)
            runner.start()
            started.append(runner)
        for kind in extra:
            instance = kind(self.service(), client, eventlet.spawn)
            instance.start()
            started.append(instance)
        return [*started, client]

    def _signals(self, runner: Any) -> None:
        """Turn SIGTERM and SIGINT into a drain, in a greenlet of its own.

        The handler writes one byte with the unpatched `write`: the green one raises in the hub, and
        without the pipe the hub would sleep on.
        """
        import eventlet
        from eventlet import patcher
        from eventlet.greenio import GreenPipe

        from chassis.metrics import DRAINING
        from chassis.settings import settings

        real = patcher.original("os")
        reader, writer = os.pipe()
        real.set_blocking(writer, False)

        def wait_for_signal() -> None:
            with GreenPipe(reader, "rb", 0) as pipe:
                pipe.read(1)
            self.health.draining = True
            DRAINING.labels(self.service.name).set(1)
            grace = eventlet.spawn_after(settings().drain_seconds, give_up)
            runner.stop()
            grace.cancel()

        def give_up() -> None:
            self.exit_code = 1
            runner.kill()

        def on_signal(_number: int, _frame: Any) -> None:
            real.write(writer, b"x")

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        eventlet.spawn(wait_for_signal)

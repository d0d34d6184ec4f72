"""The command line: `python -m omnibus COMMAND`."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from omnibus.problem import Problem

app = typer.Typer(
    help="Omnibus CRM: start it, migrate it, look after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(
    sample: Annotated[bool, typer.Option(help="Seed sample data when there is none.")] = True,
) -> None:
    """Start the whole system on this machine and keep it until Ctrl-C."""
    from omnibus.local.run import run as run_all

    run_all(sample=sample)


@app.command()
def reset() -> None:
    """Forget the local data: databases, queues, keys, logs."""
    from omnibus.local import lock
    from omnibus.local.house import House, default_home

    home = default_home()
    if not home.exists():
        print("There is no local data.")
        return
    with lock.held(home), lock.held(home / "test"):
        # An aborted run may have left servers that still write to the folder.
        for folder in (home / "test", home):
            House(folder, given={}).stop()
        shutil.rmtree(home)
    print(f"Forgot {home}.")


@app.command()
def serve(role: str) -> None:
    """Become one process of the system: gateway, gateway-worker, leads, …, relay."""
    from omnibus.serve import serve as become

    raise typer.Exit(become(role))


@app.command()
def migrate(
    name: Annotated[str | None, typer.Argument(help="One database; all five without it.")] = None,
) -> None:
    """Bring databases to the newest schema."""
    from omnibus import migrate as migration

    _know_the_local_house()
    for database in [name] if name else migration.DATABASES:
        revision = migration.upgrade(database)
        print(f"{database} is at {revision or 'no revision: it has no migrations yet'}")


@app.command()
def topology() -> None:
    """Declare the exchanges and queues of the bus."""
    from omnibus import topology as bus

    _know_the_local_house()
    url = os.environ.get("AMQP_URL")
    if not url:
        raise Problem("The broker is unknown: set AMQP_URL, or start the system with `make run`.")
    bus.declare(url)
    print("The exchanges and queues are declared.")


@app.command("admin-key")
def admin_key() -> None:
    """Make the first administrator and print the API key, once; nothing if there is one."""
    from gateway.identity import bootstrap_admin

    _know_the_local_house()
    url = os.environ.get("GATEWAY_DATABASE_URL")
    if not url:
        raise Problem("The gateway's database is unknown: set GATEWAY_DATABASE_URL.")
    key = bootstrap_admin(url)
    if key is None:
        raise Problem("An administrator with a valid key exists already: use that key.")
    print(key)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def infra(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of its state.")] = None,
    keep: Annotated[bool, typer.Option(help="Start it, leave it running, end.")] = False,
    stop: Annotated[bool, typer.Option(help="Stop one that was kept.")] = False,
) -> None:
    """Run a command with an empty PostgreSQL and RabbitMQ: `infra -- pytest tests/integration`."""
    from omnibus.local import infra as infrastructure
    from omnibus.local.house import House, default_home

    folder = home or default_home() / "test"
    if stop:
        House(folder, given={}).stop()
    elif keep:
        print(f"It stays; `source {infrastructure.keep(folder)}` to use it.")
    elif context.args:
        raise typer.Exit(infrastructure.run_with(folder, context.args))
    else:
        raise Problem("Say what to run, after two dashes: `infra -- pytest tests/integration`.")


def _know_the_local_house() -> None:
    """Parked messages: list, show, replay, drop."""
    # An image has its environment from outside, and not what the local house is made of.
    if importlib.util.find_spec("psutil"):
        from omnibus.local.house import adopt_environment

        adopt_environment()


if importlib.util.find_spec("omnibus.dead_letters"):
    from omnibus.dead_letters import app as dead_letters

    app.add_typer(dead_letters, name="dead-letters", callback=_know_the_local_house)


def main() -> None:
    """Run a command; a problem is one sentence on standard error and exit code 1."""
    try:
        app()
    except Problem as problem:
        print(f"✘ {problem}", file=sys.stderr)
        sys.exit(1)

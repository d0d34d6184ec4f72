import socket
from pathlib import Path

import pytest

from omnibus.local.ports import HIGHEST, LOWEST, Ports, demand, is_free
from omnibus.local.state import State
from omnibus.problem import Problem


def a_listener(port: int = 0) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen()
    return listener


def test_a_port_is_chosen_outside_the_range_of_outgoing_connections(tmp_path: Path) -> None:
    port = Ports(State(tmp_path)).choose("api")

    assert LOWEST <= port < HIGHEST < 32768
    assert is_free(port)


def test_a_port_is_kept_while_it_is_free(tmp_path: Path) -> None:
    first = Ports(State(tmp_path)).choose("api")

    assert Ports(State(tmp_path)).choose("api") == first


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    ports = Ports(State(tmp_path))
    first = ports.choose("api")

    with a_listener(first):
        second = ports.choose("api")

    assert second != first
    assert ports.current("api") == second


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    ports = Ports(State(tmp_path))

    chosen = [ports.choose(f"health-{number}") for number in range(30)]

    assert len(set(chosen)) == 30


def test_a_demanded_port_that_is_taken_is_told_with_the_way_out() -> None:
    with a_listener() as listener:
        port = listener.getsockname()[1]

        with pytest.raises(Problem, match=f"Port {port} .* taken.*with PORT"):
            demand("127.0.0.1", port, "PORT")

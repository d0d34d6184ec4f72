from configparser import RawConfigParser
from pathlib import Path

import pytest

from omnibus.local.supervisor import LONGEST_SOCKET, Program, render, socket_path
from omnibus.problem import Problem


def a_configuration(*programs: Program) -> RawConfigParser:
    text = render(programs, Path("/h/state/s.sock"), Path("/h/log"), Path("/check out"))
    parser = RawConfigParser(inline_comment_prefixes=(";",))
    parser.read_string(text)
    return parser


def a_program(role: str, **env: str) -> Program:
    return Program(role, ("/check out/python", "-m", "omnibus", "serve", role), env)


def test_the_door_closes_before_the_rooms() -> None:
    parser = a_configuration(a_program("gateway"), a_program("leads"), a_program("relay"))

    assert parser["group:rooms"]["programs"] == "leads,relay"
    # supervisord stops the highest priority first.
    assert int(parser["group:door"]["priority"]) > int(parser["group:rooms"]["priority"])


def test_a_process_has_longer_to_stop_than_its_drain_takes() -> None:
    parser = a_configuration(a_program("leads"))

    assert parser["program:leads"]["stopsignal"] == "TERM"
    assert int(parser["program:leads"]["stopwaitsecs"]) > 25


def test_spaces_and_percent_signs_survive() -> None:
    parser = a_configuration(a_program("leads", RATE="50% off"))

    assert parser["program:leads"]["environment"] == 'RATE="50%% off"'
    assert parser["program:leads"]["command"] == '"/check out/python" -m omnibus serve leads'


def test_a_value_that_would_break_the_file_is_refused() -> None:
    with pytest.raises(Problem, match="quote or semicolon"):
        a_configuration(a_program("leads", NOTE='say "hello"'))


def test_a_deep_checkout_gets_a_short_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)

    assert len(str(socket_path(deep))) <= LONGEST_SOCKET
    assert socket_path(deep) != socket_path(deep / "other")

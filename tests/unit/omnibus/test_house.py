from pathlib import Path

import pytest

from omnibus.local.house import House
from omnibus.local.state import State
from omnibus.problem import Problem

DATABASES = {
    f"{name}_DATABASE_URL": f"postgresql+psycopg://app@db/{name.lower()}"
    for name in ("LEADS", "CUSTOMERS", "DEALS", "FINANCE", "GATEWAY")
}


def a_house(home: Path, **given: str) -> House:
    return House(home, given=given)


def test_given_servers_are_passed_on_as_they_are(tmp_path: Path) -> None:
    house = a_house(tmp_path, AMQP_URL="amqp://broker/vhost", **DATABASES)

    variables = house.env()

    assert variables["AMQP_URL"] == "amqp://broker/vhost"
    assert {name: variables[name] for name in DATABASES} == DATABASES


def test_without_an_owner_url_the_application_url_migrates(tmp_path: Path) -> None:
    owner = "postgresql+psycopg://owner@db/leads"
    house = a_house(tmp_path, LEADS_MIGRATE_URL=owner, **DATABASES)

    variables = house.database_env()

    assert variables["LEADS_MIGRATE_URL"] == owner
    assert variables["DEALS_MIGRATE_URL"] == DATABASES["DEALS_DATABASE_URL"]


def test_four_of_five_databases_are_a_mistake_that_names_the_fifth(tmp_path: Path) -> None:
    given = {name: url for name, url in DATABASES.items() if not name.startswith("DEALS")}
    house = a_house(tmp_path, **given)

    with pytest.raises(Problem, match="DEALS_DATABASE_URL"):
        house.env()


def test_each_process_signs_with_its_own_key_and_the_relay_with_none(tmp_path: Path) -> None:
    house = a_house(tmp_path)
    State(tmp_path / "state").put("ports", "gateway", 1)

    keys = {
        role: Path(house.role_env(role)["ACTOR_PRIVATE_KEY_FILE"]).name
        for role in ("gateway", "gateway-worker", "leads", "relay")
    }

    assert keys == {
        "gateway": "gateway.json",
        "gateway-worker": "gateway.json",
        "leads": "leads.json",
        "relay": "",
    }


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"PORT": "8080"}, ("127.0.0.1", 8080)),
        ({"GATEWAY_BIND": "0.0.0.0:9000"}, ("0.0.0.0", 9000)),
        ({"GATEWAY_BIND": "0.0.0.0:9000", "PORT": "8080"}, ("0.0.0.0", 9000)),
        ({"GATEWAY_BIND": ":9000"}, ("127.0.0.1", 9000)),
    ],
    ids=["a port", "an address", "the address wins", "an address without a host"],
)
def test_a_given_port_of_the_api_wins(
    tmp_path: Path, given: dict[str, str], address: tuple[str, int]
) -> None:
    assert a_house(tmp_path, **given).api_address() == address


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_told_in_one_sentence(tmp_path: Path, port: str) -> None:
    with pytest.raises(Problem, match="PORT=8080"):
        a_house(tmp_path, PORT=port).api_address()


def test_an_api_open_to_all_is_reached_through_this_machine(tmp_path: Path) -> None:
    house = a_house(tmp_path, GATEWAY_BIND="0.0.0.0:9000")

    assert house.api_url() == "http://127.0.0.1:9000"

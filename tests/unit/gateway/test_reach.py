"""Permissions apply before the cache key, not after (C20)."""

from dataclasses import replace

from chassis.actor import Actor
from gateway.view360.reach import ORDER, PERMISSIONS, SERVICE_OF, reach_of
from schemas.sections import SECTIONS
from tests.fixtures.gateway import admin, ann, bo, boss, partner


def test_every_section_has_an_owner_and_a_permission():
    assert set(ORDER) == set(SERVICE_OF) == {*PERMISSIONS, "timeline"}
    assert set(SECTIONS) == {"customers", "leads", "deals", "finance", "gateway"}


def test_people_who_see_only_their_own_share_nothing():
    assert reach_of(ann).key != reach_of(bo).key


def test_people_of_one_team_share_what_the_team_sees():
    mate = replace(boss, id=bo.id, client_id="other")
    elsewhere = replace(boss, team_path="/us/")

    assert reach_of(mate).key == reach_of(boss).key
    assert reach_of(elsewhere).key != reach_of(boss).key


def test_those_who_see_everything_share_it():
    assert reach_of(admin).key == reach_of(replace(admin, id=ann.id, team_path="/x/")).key


def test_a_manager_without_a_team_shares_nothing():
    alone = replace(boss, team_path="")

    assert alone.id in reach_of(alone).key


def test_a_section_without_permission_is_hidden():
    assert reach_of(partner).hidden("receivables")
    assert not reach_of(partner).hidden("leads")


def test_a_key_limited_in_scope_hides_what_it_does_not_name():
    narrow = replace(admin, scopes=("customers:read",))

    assert reach_of(narrow).hidden("contracts")
    assert not reach_of(narrow).hidden("profile")
    assert reach_of(narrow).scopes["timeline"] == "customer="


def test_an_actor_without_roles_sees_nothing():
    assert reach_of(Actor(id=ann.id)).scopes == {}

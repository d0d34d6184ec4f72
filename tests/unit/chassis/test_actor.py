"""Who asks: tokens that can not be forged, levels, scopes."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, OKPKey

from chassis import actor as actors
from chassis.actor import Actor, ActorSigner, ActorVerifier, Level, define_roles
from chassis.errors import Forbidden

KEY = OKPKey.generate_key("Ed25519", {"kid": "gateway"})
OTHER = OKPKey.generate_key("Ed25519", {"kid": "leads"})
KEYS = KeySet([OKPKey.import_key(key.as_dict(private=False)) for key in (KEY, OTHER)])
ANN = Actor(
    id="ann", roles=("rep", "manager"), team_path="/cn/east/", scopes=("leads:read",),
    client_id="erp", locale="zh", subject="lead/1", subject_customer_id="c1",
)  # fmt: skip
NOW = 1_800_000_000

define_roles(
    {
        "unit-own": {"leads:read": Level.OWN, "leads:claim": Level.OWN},
        "unit-all": {"leads:read": Level.ALL},
        "unit-any": {"*": Level.TEAM},
    }
)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set the clock to so many seconds after the token was signed."""

    def set_to(seconds: int) -> None:
        monkeypatch.setattr(actors, "epoch_ms", lambda: (NOW + seconds) * 1000)

    set_to(0)
    return set_to


def signer() -> ActorSigner:
    return ActorSigner("gateway", KEY)


def verifier() -> ActorVerifier:
    return ActorVerifier("leads", KEYS)


def refused(token: object) -> str:
    with pytest.raises(Forbidden) as refusal:
        verifier().verify(token)
    return refusal.value.code


def test_what_was_signed_is_what_is_verified(at: Any) -> None:
    assert verifier().verify(signer().sign(ANN, "leads")) == ANN


def test_no_limit_of_scopes_is_not_the_same_as_no_scope(at: Any) -> None:
    for scopes in (None, ()):
        token = signer().sign(Actor(id="x", scopes=scopes), "leads")
        assert verifier().verify(token).scopes == scopes


def test_a_saga_signs_as_its_own_service(at: Any) -> None:
    assert verifier().verify(ActorSigner("leads", OTHER).sign(ANN, "leads")).issuer == "leads"


def claims(**changes: Any) -> dict[str, Any]:
    given_ = {
        "iss": "gateway", "aud": "leads", "iat": NOW, "exp": NOW + 60, "sub": "ann", "roles": [],
        "team": "", "scopes": None, "client": "", "locale": "en",
    }  # fmt: skip
    return {key: value for key, value in {**given_, **changes}.items() if value is not ...}


def token(key: Any = KEY, header: dict[str, Any] | None = None, **changes: Any) -> str:
    head = {"alg": "Ed25519", "kid": "gateway", **(header or {})}
    return str(jwt.encode(head, claims(**changes), key, algorithms=[head["alg"]]))


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_the_token_of_the_tests_is_sound(at: Any) -> None:
    assert verifier().verify(token()).id == "ann"


@pytest.mark.parametrize("nothing", [None, "", 5, b"x"])
def test_without_a_token_the_actor_is_missing(nothing: object) -> None:
    assert refused(nothing) == "actor_missing"


def forged() -> dict[str, str]:
    good = token()
    head, _, signature = good.split(".")
    symmetric = OctKey.import_key(json.dumps(KEY.as_dict(private=False)))
    return {
        "changed claims": f"{head}.{part(claims(roles=['admin']))}.{signature}",
        "changed signature": good[:-6] + ("AAAAAA" if good[-6:] != "AAAAAA" else "BBBBBB"),
        "algorithm none": f"{part({'alg': 'none', 'kid': 'gateway'})}.{part(claims())}.",
        "symmetric with the public key": token(symmetric, {"alg": "HS256"}),
        "another issuer's key": token(OTHER),
        "a key of its own": token(OKPKey.generate_key("Ed25519")),
        "another issuer's name": token(OTHER, {"kid": "leads"}),
        "another service": token(aud="deals"),
        "unknown issuer": token(iss="nobody", header={"kid": "nobody"}),
        "longer life": token(exp=NOW + 3600),
        "from the future": token(iat=NOW + 30, exp=NOW + 60),
        "no audience": token(aud=...),
        "no expiry": token(exp=...),
        "expiry a text": token(exp="tomorrow"),
        "no subject": token(sub=...),
        "no token": "nonsense",
        "three parts of nothing": "..",
        "claims a list": f"{head}.{part([1])}.{signature}",
    }


@pytest.mark.parametrize("case", forged())
def test_a_forged_token_is_invalid(at: Any, case: str) -> None:
    """S9."""
    assert refused(forged()[case]) == "actor_invalid"


@given(st.text() | st.tuples(st.text(), st.text(), st.text()).map(".".join))
def test_no_text_raises_anything_but_forbidden(text: str) -> None:
    assert refused(text) in ("actor_invalid", "actor_missing")


def test_a_token_is_good_for_a_minute_cached_or_not(at: Callable[[int], None]) -> None:
    cached, signed = verifier(), signer().sign(ANN, "leads")
    assert cached.verify(signed) == ANN
    at(60)
    assert cached.verify(signed) == verifier().verify(signed) == ANN

    at(61)

    assert refused(signed) == "actor_expired"
    with pytest.raises(Forbidden, match="actor_expired"):
        cached.verify(signed)


def test_a_token_is_signed_anew_while_the_old_one_has_life_left(at: Callable[[int], None]) -> None:
    one = signer()
    first = one.sign(ANN, "leads")
    at(29)
    assert one.sign(ANN, "leads") == first
    assert one.sign(ANN, "deals") != first
    assert one.sign(Actor(id="bob"), "leads") != first

    at(30)

    assert one.sign(ANN, "leads") != first


def test_the_caches_do_not_grow_for_ever(at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "_CACHE_LIMIT", 3)
    one, other = signer(), verifier()
    for number in range(12):
        other.verify(one.sign(Actor(id=str(number)), "leads"))

    assert len(one._cache) <= 4 and len(other._cache) <= 4


def test_keys_are_read_from_files(at: Any, tmp_path: Path) -> None:
    private, public = tmp_path / "gateway.json", tmp_path / "jwks.json"
    private.write_text(json.dumps(KEY.as_dict(private=True)))
    public.write_text(json.dumps({"keys": [KEY.as_dict(private=False)]}))

    signed = ActorSigner.load(private).sign(ANN, "leads")

    assert ActorVerifier.load(public, "leads").verify(signed) == ANN


# -- what an actor may ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("roles", "permission", "level"),
    [
        ((), "leads:read", Level.NONE),
        (("nobody",), "leads:read", Level.NONE),
        (("unit-own",), "leads:read", Level.OWN),
        (("unit-own", "unit-all"), "leads:read", Level.ALL),
        (("unit-own", "unit-any"), "leads:claim", Level.TEAM),
        (("unit-any",), "anything:else", Level.TEAM),
    ],
)
def test_the_greatest_level_of_all_roles_wins(
    roles: tuple[str, ...], permission: str, level: Level
) -> None:
    assert Actor(id="x", roles=roles).level(permission) is level


@pytest.mark.parametrize(
    ("scopes", "permission", "code"),
    [
        (None, "leads:claim", None),
        (("leads:write",), "leads:claim", None),
        (("leads:claim",), "leads:claim", None),
        (("admin:*",), "leads:claim", None),
        (("leads:read",), "leads:read", None),
        (("leads:read",), "leads:claim", "missing_scope"),
        (("leads:write",), "leads:read", "missing_scope"),
        (("leads:write",), "leads:delete", "missing_scope"),
        (("deals:write",), "leads:claim", "missing_scope"),
        ((), "leads:read", "missing_scope"),
        (None, "deals:read", "missing_permission"),
    ],
)
def test_scopes_limit_what_the_roles_allow(
    scopes: tuple[str, ...] | None, permission: str, code: str | None
) -> None:
    somebody = Actor(id="x", roles=("unit-own",), scopes=scopes)
    if code is None:
        assert somebody.check(permission) is Level.OWN
    else:
        with pytest.raises(Forbidden, match=code):
            somebody.check(permission)


def test_only_a_named_issuer_may_call() -> None:
    actors.require_issuer(ANN, ("gateway", "leads"))

    with pytest.raises(Forbidden, match="caller_not_allowed"):
        actors.require_issuer(ANN, ("leads",))


def test_work_that_nobody_asked_for_is_the_systems() -> None:
    somebody = actors.system_actor("leads")

    assert (somebody.id, somebody.roles, somebody.issuer) == ("system", ("system",), "leads")
    assert "unit-own" in actors.known_roles()

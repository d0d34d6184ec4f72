"""The manifests of like workloads are alike, and development keys are what they say they are."""

import json
import re
from pathlib import Path

import pytest

from chassis.actor import Actor, ActorSigner, ActorVerifier
from chassis.settings import DATABASES

K8S = Path(__file__).resolve().parents[3] / "deploy/k8s"
SERVICES = ("leads", "customers", "deals", "finance")
KEYS = K8S / "overlays/local/dev-keys"

# RFC 8032, section 7.1: the public keys of its five Ed25519 examples. Nobody can mistake them for
# secrets, and no secret can slip in between them.
TEST_VECTORS = {
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
}


def shape(file: Path, name: str) -> str:
    """Return a manifest with the name of its workload taken out."""
    text = re.sub(rf"\b{name}\b", "NAME", file.read_text())
    return text.replace(f"{name.upper()}_", "NAME_")


@pytest.mark.parametrize("file", ["deployment.yaml", "pdb.yaml", "serviceaccount.yaml"])
def test_the_services_differ_in_nothing_but_their_name(file: str) -> None:
    shapes = {shape(K8S / "base" / name / file, name) for name in SERVICES}

    assert len(shapes) == 1


@pytest.mark.parametrize("folder", ["relay", "migrate"])
def test_every_database_has_a_relay_and_a_migration_of_one_shape(folder: str) -> None:
    shapes = {
        re.sub(
            rf"\b{name}\b", "NAME", (K8S / "base" / folder / f"{name}.yaml").read_text()
        ).replace(f"{name.upper()}_", "NAME_")
        for name in DATABASES
    }

    assert len(shapes) == 1


@pytest.mark.parametrize("issuer", DATABASES)
def test_a_development_key_signs_and_is_a_published_test_vector(issuer: str) -> None:
    signer = ActorSigner.load(KEYS / f"{issuer}.json")
    verifier = ActorVerifier.load(KEYS / "jwks.json", "leads")

    actor = verifier.verify(signer.sign(Actor(id="somebody"), "leads"))

    assert actor.issuer == issuer
    assert signer.key.public_key.public_bytes_raw().hex() in TEST_VECTORS


def test_the_public_set_tells_no_private_key() -> None:
    keys = json.loads((KEYS / "jwks.json").read_text())["keys"]

    assert len(keys) == len(DATABASES)
    assert all("d" not in key for key in keys)

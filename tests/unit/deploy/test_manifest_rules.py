"""What the manifest checks catch; rendering itself is part of `make lint` (deploy/check)."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from lints.manifests import rules, schema

Object = dict[str, Any]
LABELS = {"app.kubernetes.io/name": "leads"}


def _probe(path: str) -> Object:
    return {"httpGet": {"path": path, "port": "health"}}


def a_system() -> list[Object]:
    """Return a workload that breaks nothing, with all it needs."""
    container = {
        "name": "app",
        "image": "omnibus:0.1.0",
        "env": [
            {
                "name": "AMQP_URL",
                "valueFrom": {"secretKeyRef": {"name": "leads-bus", "key": "url"}},
            }
        ],
        "ports": [{"name": "health", "containerPort": 9100}],
        "startupProbe": _probe("/startupz"),
        "livenessProbe": _probe("/livez"),
        "readinessProbe": _probe("/readyz"),
        "resources": {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    pod = {
        "serviceAccountName": "leads",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "leads", "labels": LABELS},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": LABELS},
            "template": {"metadata": {"labels": LABELS}, "spec": pod},
        },
    }
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "leads"},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": LABELS}},
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "leads"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "leads-bus"}}
    return [deployment, budget, account, secret]


def broken(objects: list[Object], *, base: bool = False) -> list[str]:
    """Return what a list of objects breaks."""
    return list(rules.violations(objects, base=base, settings=frozenset({"AMQP_URL"})))


def pod_of(objects: list[Object]) -> Object:
    """Return the pod of the workload."""
    pod: Object = objects[0]["spec"]["template"]["spec"]
    return pod


def container_of(objects: list[Object]) -> Object:
    """Return the container of the workload."""
    container: Object = pod_of(objects)["containers"][0]
    return container


def test_a_sound_workload_breaks_nothing() -> None:
    assert broken(a_system()) == []


PLANTED: dict[str, tuple[Callable[[list[Object]], Any], str]] = {
    "root": (lambda o: pod_of(o)["securityContext"].pop("runAsNonRoot"), "runs as root"),
    "a low user id": (
        lambda o: pod_of(o)["securityContext"].update(runAsUser=1000),
        "user id below",
    ),
    "no seccomp profile": (
        lambda o: pod_of(o)["securityContext"].pop("seccompProfile"),
        "seccomp profile",
    ),
    "a token": (lambda o: pod_of(o).pop("automountServiceAccountToken"), "token"),
    "service links": (lambda o: pod_of(o).pop("enableServiceLinks"), "variables of other"),
    "the node's network": (lambda o: pod_of(o).update(hostNetwork=True), "node's namespaces"),
    "escalation": (
        lambda o: container_of(o)["securityContext"].pop("allowPrivilegeEscalation"),
        "allowPrivilegeEscalation",
    ),
    "a writable root": (
        lambda o: container_of(o)["securityContext"].update(readOnlyRootFilesystem=False),
        "readOnlyRootFilesystem",
    ),
    "capabilities": (
        lambda o: container_of(o)["securityContext"].update(capabilities={"drop": ["NET_RAW"]}),
        "capabilities",
    ),
    "no requests": (
        lambda o: container_of(o)["resources"]["requests"].pop("cpu"),
        "requests no CPU",
    ),
    "a CPU limit": (
        lambda o: container_of(o)["resources"]["limits"].update(cpu="1"),
        "limit memory and not CPU",
    ),
    "the tag latest": (lambda o: container_of(o).update(image="omnibus:latest"), "latest"),
    "no tag": (lambda o: container_of(o).update(image="omnibus"), "no tag"),
    "no startup probe": (lambda o: container_of(o).pop("startupProbe"), "startupProbe"),
    "liveness that asks peers": (
        lambda o: container_of(o).update(livenessProbe=_probe("/readyz")),
        "livenessProbe",
    ),
    "too little grace": (
        lambda o: pod_of(o).update(terminationGracePeriodSeconds=20),
        "less than 30 s",
    ),
    "a pause that eats the grace": (
        lambda o: container_of(o).update(lifecycle={"preStop": {"sleep": {"seconds": 5}}}),
        "less than 30 s",
    ),
    "an unknown setting": (
        lambda o: container_of(o)["env"].append({"name": "AMPQ_URL", "value": "x"}),
        "sets AMPQ_URL",
    ),
    "a missing secret": (lambda o: o.pop(), "there is no Secret leads-bus"),
    "a missing account": (lambda o: o.pop(2), "there is no ServiceAccount leads"),
    "no disruption budget": (lambda o: o.pop(1), "no PodDisruptionBudget"),
    "a budget that blocks drains": (
        lambda o: o[1]["spec"].update(maxUnavailable=0),
        "maxUnavailable is not 1",
    ),
}


@pytest.mark.parametrize(("plant", "said"), PLANTED.values(), ids=list(PLANTED))
def test_a_planted_fault_is_caught(plant: Callable[[list[Object]], Any], said: str) -> None:
    objects = deepcopy(a_system())
    plant(objects)

    assert [text for text in broken(objects) if said in text] != []


@pytest.mark.parametrize("kind", ["Secret", "StatefulSet", "PersistentVolumeClaim"])
def test_the_base_holds_no_state_and_no_secret(kind: str) -> None:
    planted = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}}

    assert broken([planted], base=True) == [f"{kind}/x: a {kind} belongs into an overlay"]


def test_a_field_that_kubernetes_does_not_know_is_an_error_for_every_minor() -> None:
    deployment = a_system()[0]
    resources = container_of([deployment])["resources"]
    resources["request"] = resources.pop("requests")

    found = list(schema.violations([deployment]))

    assert len(found) == len(schema.MINORS) >= 2
    assert all("request" in text for text in found)


def test_a_kind_that_kubernetes_does_not_have_is_an_error() -> None:
    custom = {"apiVersion": "example.com/v1", "kind": "Bus", "metadata": {"name": "x"}}

    assert "Kubernetes has no example.com/v1 Bus" in next(schema.violations([custom]))

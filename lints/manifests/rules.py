"""What the house asks of every object, beyond what Kubernetes accepts."""

import re
from collections.abc import Iterator
from typing import Any

Object = dict[str, Any]
OURS = "omnibus"
LOWEST_UID = 10_000
_NEVER_IN_BASE = ("Secret", "StatefulSet", "PersistentVolumeClaim", "CustomResourceDefinition")
_REQUIRED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def violations(objects: list[Object], *, base: bool, settings: frozenset[str]) -> Iterator[str]:
    """Yield every broken rule as `Kind/name: what`.

    Args:
        base: The objects are the base, which runs anywhere; otherwise a whole overlay.
        settings: Names of the environment variables that the documentation explains.
    """
    for item in objects:
        name = f"{item['kind']}/{item['metadata']['name']}"
        if base and item["kind"] in _NEVER_IN_BASE:
            yield f"{name}: a {item['kind']} belongs into an overlay"
        pod = item.get("spec", {}).get("template", {}).get("spec")
        if pod is not None:
            yield from (f"{name}: {text}" for text in _pod(item, pod, settings))
    yield from _budgets(objects)
    if not base:
        yield from _references(objects)


def _pod(item: Object, pod: Object, settings: frozenset[str]) -> Iterator[str]:
    security = pod.get("securityContext", {})
    containers = [*pod.get("initContainers", []), *pod["containers"]]
    ours = any(_image(container) == OURS for container in containers)
    if not security.get("runAsNonRoot"):
        yield "runs as root"
    if ours and security.get("runAsUser", 0) < LOWEST_UID:
        yield f"runs as a user id below {LOWEST_UID}"
    if security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "has no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "carries a token of the cluster's API"
    if pod.get("enableServiceLinks") is not False:
        yield "gets variables of other services"
    if pod.get("hostNetwork") or pod.get("hostPID") or pod.get("hostIPC"):
        yield "shares the node's namespaces"
    for container in containers:
        yield from _container(container)
        if _image(container) == OURS:
            unknown = {entry["name"] for entry in container.get("env", [])} - settings
            yield from (f"sets {name}, which docs/operations.md lacks" for name in sorted(unknown))
    if item["kind"] == "Deployment":
        yield from _long_running(pod)


def _container(container: Object) -> Iterator[str]:
    security = container.get("securityContext", {})
    for field, wanted in _REQUIRED.items():
        if security.get(field) != wanted:
            yield f"{field} of {container['name']} is not {wanted}"
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
        yield f"{container['name']} requests no CPU or no memory"
    limits = resources.get("limits", {})
    if "memory" not in limits or "cpu" in limits:
        yield f"{container['name']} must limit memory and not CPU"
    if not re.search(r"(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)$", container["image"]):
        yield f"the image of {container['name']} has no tag, or the tag latest"


def _long_running(pod: Object) -> Iterator[str]:
    for container in pod["containers"]:
        for probe, path in (
            ("startupProbe", "/startupz"),
            ("livenessProbe", "/livez"),
            ("readinessProbe", "/readyz"),
        ):
            asked = container.get(probe, {}).get("httpGet", {})
            if asked.get("path") != path or asked.get("port") != "health":
                yield f"the {probe} of {container['name']} does not ask {path} on the health port"
    pause = sum(
        container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        for container in pod["containers"]
    )
    if pod.get("terminationGracePeriodSeconds", 30) < 30 + pause:
        yield "has less than 30 s, beside its pause, to end"


def _budgets(objects: list[Object]) -> Iterator[str]:
    budgets = {}
    for item in objects:
        if item["kind"] == "PodDisruptionBudget":
            budgets[item["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"]] = item
            if item["spec"].get("maxUnavailable") != 1:
                yield f"PodDisruptionBudget/{item['metadata']['name']}: maxUnavailable is not 1"
    for item in objects:
        name = item["metadata"]["name"]
        if item["kind"] != "Deployment" or item["spec"].get("replicas", 1) < 2:
            continue
        if item["metadata"]["labels"]["app.kubernetes.io/name"] not in budgets:
            yield f"Deployment/{name}: has several replicas and no PodDisruptionBudget"


def _references(objects: list[Object]) -> Iterator[str]:
    there = {(item["kind"], item["metadata"]["name"]) for item in objects}
    for item in objects:
        pod = item.get("spec", {}).get("template", {}).get("spec")
        if pod is None:
            continue
        for kind, name in sorted(_referenced(pod)):
            if (kind, name) not in there:
                yield f"{item['kind']}/{item['metadata']['name']}: there is no {kind} {name}"


def _referenced(pod: Object) -> set[tuple[str, str]]:
    found = {("ServiceAccount", pod.get("serviceAccountName", "default"))}
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            found.add(("Secret", volume["secret"]["secretName"]))
        if "configMap" in volume:
            found.add(("ConfigMap", volume["configMap"]["name"]))
    for container in pod["containers"]:
        sources = [entry.get("valueFrom", {}) for entry in container.get("env", [])]
        sources += container.get("envFrom", [])
        for source in sources:
            for field, kind in _REFERENCES.items():
                if field in source:
                    found.add((kind, source[field]["name"]))
    return found


_REFERENCES = {
    "secretKeyRef": "Secret",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "configMapRef": "ConfigMap",
}


def _image(container: Object) -> str:
    """Return an image's last name without tag: `omnibus` for `registry/omnibus:0.1.0`."""
    image: str = container["image"]
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]

"""Strict schema checks: a field that Kubernetes does not know is an error, not a surprise later."""

from collections.abc import Iterator
from typing import Any

from kubernetes_validate.utils import SchemaNotFoundError, ValidationError, validate

MINORS = ("1.36", "1.37")
"""The minors that the manifests must suit; kubernetes-validate carries their schemas."""


def violations(objects: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what each object breaks, by minor; a kind without a schema is broken too."""
    for minor in MINORS:
        for item in objects:
            name = f"{item.get('kind')}/{item.get('metadata', {}).get('name')}"
            try:
                validate(item, minor, strict=True)
            except ValidationError as error:
                place = ".".join(str(part) for part in error.path)
                yield f"{name} ({minor}): {place or 'object'}: {error.message}"
            except SchemaNotFoundError:
                yield f"{name} ({minor}): Kubernetes has no {item['apiVersion']} {item['kind']}"

"""Key pairs with which gateway and services sign who is asking.

Each issuer has a private key that only its own process is given; everybody verifies with one
public set.
"""

import json
import os
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

ISSUERS = ("gateway", "leads", "customers", "deals", "finance")


def private_key_file(folder: Path, issuer: str) -> Path:
    """Return where the private key of an issuer lies."""
    return folder / f"{issuer}.json"


def public_keys_file(folder: Path) -> Path:
    """Return where the public keys of all issuers lie."""
    return folder / "jwks.json"


def prepare(folder: Path) -> None:
    """Make the keys that are missing; the kid of a key is the name of its issuer."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    public: list[dict[str, Any]] = []
    for issuer in ISSUERS:
        path = private_key_file(folder, issuer)
        if not path.exists():
            made = OKPKey.generate_key("Ed25519", {"kid": issuer, "use": "sig", "alg": "Ed25519"})
            _write(path, made.as_dict(private=True))
        key = OKPKey.import_key(json.loads(path.read_text(encoding="utf-8")))
        public.append(dict(key.as_dict(private=False)))
    _write(public_keys_file(folder), {"keys": public})


def _write(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file)
    draft.replace(path)

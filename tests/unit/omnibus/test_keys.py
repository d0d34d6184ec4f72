import json
import stat
from pathlib import Path

from omnibus.local import keys


def test_the_public_set_names_every_issuer_and_keeps_every_secret(tmp_path: Path) -> None:
    keys.prepare(tmp_path)

    public = json.loads(keys.public_keys_file(tmp_path).read_text(encoding="utf-8"))["keys"]

    assert {key["kid"] for key in public} == set(keys.ISSUERS)
    assert not any("d" in key for key in public)


def test_keys_are_kept_between_runs_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    keys.prepare(tmp_path)
    path = keys.private_key_file(tmp_path, "leads")
    before = path.read_text(encoding="utf-8")

    keys.prepare(tmp_path)

    assert path.read_text(encoding="utf-8") == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

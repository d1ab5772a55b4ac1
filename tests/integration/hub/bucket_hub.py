"""The configuration of a hub whose storage is the bucket of the tests."""

from __future__ import annotations

from afield.hub.config import read_config


def hub_toml(folder, bucket, prefix, endpoint=None, more=""):
    """Write and read a hub.toml whose storage is the bucket of the tests."""
    folder.mkdir(exist_ok=True)
    for name in ("access_key_id", "secret_access_key"):
        (folder / name).write_text(bucket[name], encoding="utf-8")
        (folder / name).chmod(0o600)
    text = f"""url = "http://127.0.0.1:5151"
workspace = "."
[storage]
url = "s3://team/{prefix}"
endpoint = "{endpoint or bucket["endpoint"]}"
region = "us-east-1"
access_key_id_file = "access_key_id"
secret_access_key_file = "secret_access_key"
{more}"""
    (folder / "hub.toml").write_text(text, encoding="utf-8")
    return read_config(str(folder / "hub.toml"))

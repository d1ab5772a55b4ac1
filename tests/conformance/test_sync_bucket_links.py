"""A bucket behind a bad link or of a simple server: real connections, to moto through a proxy."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest

from afield.sync.errors import RemoteUnreachable
from afield.sync.stores.bucket import BucketRemote

sys.path.insert(0, str(Path(__file__).with_name("bucket_server")))
sys.path.insert(0, str(Path(__file__).parents[1] / "simulation"))
from proxy import Link, proxy
from sync_world import Person

OBJECT_BYTES = 250_000


@pytest.mark.parametrize("exclusive", ["known", "ignored", "refused"])
def test_a_bucket_serves_whatever_it_makes_of_create_if_absent(bucket, exclusive, tmp_path):
    chance = random.Random(1)
    ann, bob = Person(1), Person(2)
    with proxy(Link(bucket["endpoint"], exclusive=exclusive)) as url:
        store = BucketRemote(f"s3://team/{tmp_path.name}", {**bucket, "endpoint": url})
        assert store.probe().exclusive is (exclusive == "known")
        for person in (ann, bob, ann, bob, ann):
            person.work(chance)
            person.sync(store)
        bob.sync(store)
        assert list(store.list("")) == [("format", len(store.get("format")))]
    assert {each for each in ann.lines() if each[0] == ann.key.device} <= bob.lines()
    assert all(bob.vault.has(ref) for ref in bob.refs())


def test_a_bucket_that_never_creates_if_absent_is_written_all_the_same(bucket, tmp_path):
    options = {**bucket, "conditional_put": "disabled"}
    store = BucketRemote(f"s3://team/{tmp_path.name}", options)
    assert store.probe().exclusive is False
    assert store.put_if_absent("format", b"one")
    assert not store.put_if_absent("format", b"two")
    assert store.get("format") == b"one"


def test_connections_that_are_cut_in_the_middle_cost_a_pack_each_time(bucket, tmp_path):
    ann, bob, chance = Person(1), Person(2), random.Random(1)
    refs = [ann.vault.put(chance.randbytes(OBJECT_BYTES)) for _ in range(12)]
    ann.vault.flush()
    ann.journal.append("thing.named", "t", {"name": "n"}, refs)
    link = Link(bucket["endpoint"], every_bytes=900_000)
    with proxy(link) as url:
        options = {**bucket, "endpoint": url}
        for person in (ann, bob):
            for _ in range(20):
                try:
                    person.sync(BucketRemote(f"s3://team/{tmp_path.name}", options))
                except RemoteUnreachable:
                    continue
                break
    assert link.breaks
    assert link.sent_bytes <= (12 + 12 * link.breaks) * OBJECT_BYTES * 1.01
    assert all(bob.vault.get(ref) == ann.vault.get(ref) for ref in refs)

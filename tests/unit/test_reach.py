"""What reaches what: owners from entries, records from trees, documents and recipes."""

from __future__ import annotations

import json
import random

import pytest

from afield.datasets import events as data
from afield.journal import Draft
from afield.runs import events as runs
from afield.vault import TreeEntry
from afield.workspace.reach import RECORD, Reach, holdings
from afield.workspace.rooms import rooms
from afield.workspace.workspace import Workspace

BIG = random.Random(1).randbytes(700_000)


@pytest.fixture
def workspace(tmp_path):
    with Workspace.init(tmp_path) as workspace:
        yield workspace


def tree_of(vault, **files):
    return vault.put_tree(
        TreeEntry(name, 0o644, len(content), vault.put(content)) for name, content in files.items()
    )


def owners(workspace):
    workspace.refresh()
    found = holdings(workspace.record, rooms(workspace.config.roots), workspace.query)
    return {(each.owner.kind, each.owner.label): each for each in found}


def add_version(workspace, name, **files):
    tree = tree_of(workspace.record.vault, **files)
    workspace.record.vault.flush()
    draft = data.added(name, tree=tree, files=len(files), size_bytes=1)
    return tree, workspace.record.journal.append_many([draft])[0]


def start_run(workspace, run, *drafts):
    host = workspace.record.vault.put(b"host", meta=True)
    workspace.record.vault.flush()
    started = runs.started(
        run, project="p", experiment="e", name=run, kind="python", pid=1, host=host, started_ms=1
    )
    workspace.record.journal.append_many([started, *drafts])


def digests(reach, roots):
    return {reach.ledger.entry(each).digest.hex() for each in reach.records(roots)}


def test_owners_are_versions_runs_and_the_rest_and_tell_whether_they_count(workspace):
    _, entry = add_version(workspace, "d", a=b"1")
    add_version(workspace, "d", a=b"2")
    start_run(workspace, "r1", runs.deleted("r1", gone=True))
    start_run(workspace, "r2")
    unknown = workspace.record.vault.put(b"of a later version")
    workspace.record.vault.flush()
    workspace.record.journal.append_many(
        [
            data.dropped("d", [(entry.device, entry.seq)], gone=True),
            Draft("later.kind", "x", {}, (unknown,)),
        ]
    )
    found = owners(workspace)
    live = {label: each.owner.live for (kind, label), each in found.items() if kind != RECORD}
    assert live == {"d@1": False, "d@2": True, "r1": False, "r2": True}
    assert bytes.fromhex(unknown) in found[RECORD, RECORD].roots
    assert found["version", "d@2"].owner.group == "d"


def test_trees_documents_and_large_files_are_followed_to_every_chunk(workspace):
    vault = workspace.record.vault
    before = set(vault.objects())
    code = tree_of(vault, main=b"print()", big=BIG)
    output = vault.put(b"an output")
    other = vault.put(b"nobody names this")
    manifest = vault.put(json.dumps({"code": {"tree": code}, "o": output}).encode(), meta=True)
    vault.flush()
    reach = Reach(vault)
    found = digests(reach, [bytes.fromhex(manifest)])
    assert found == set(vault.objects()) - before - {other}
    assert len(found) > 6, "the big file is cut into several chunks"
    assert not reach.lost.missing
    assert not reach.lost.unread
    assert digests(reach, [bytes.fromhex(manifest)]) == found, "the same when asked again"


def test_what_is_missing_below_an_entry_is_told_and_what_a_document_mentions_is_not(workspace):
    vault = workspace.record.vault
    gone = "ab" * 32
    tree = vault.put_tree([TreeEntry("lost", 0o644, 3, gone)])
    document = vault.put(json.dumps({"input not kept": "cd" * 32}).encode(), meta=True)
    vault.flush()
    reach = Reach(vault)
    digests(reach, [bytes.fromhex(tree), bytes.fromhex(document)])
    assert {each.hex() for each in reach.lost.missing} == {gone}


def test_text_that_only_begins_like_a_tree_is_no_fault(workspace):
    vault = workspace.record.vault
    text = vault.put(b"afield.tree/1\nand then words")
    vault.flush()
    reach = Reach(vault)
    assert digests(reach, [bytes.fromhex(text)]) == {text}
    assert not reach.lost.unread


def test_names_that_lie_across_two_blocks_of_a_document_are_found(workspace):
    vault = workspace.record.vault
    named = [vault.put(b"%d" % number) for number in range(40)]
    text = "{" + " " * ((1 << 20) - 700) + " ".join(named) + "}"
    document = vault.put(text.encode(), meta=True)
    vault.flush()
    assert set(named) <= digests(Reach(vault), [bytes.fromhex(document)])


def test_every_copy_of_an_object_counts(tmp_path):
    with Workspace.init(tmp_path) as workspace, Workspace.open(tmp_path) as beside:
        made = [each.record.vault.put(b"both wrote this") for each in (workspace, beside)]
        beside.record.vault.put(b"so that the packs differ")
        for each in (workspace, beside):
            each.record.vault.flush()
        reach = Reach(workspace.record.vault)
        assert len(list(reach.records([bytes.fromhex(made[0])]))) == 2

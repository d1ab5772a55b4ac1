"""Decode after encode is identity, for every format of the vault."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.testing.disk import SimulatedDisk
from afield.vault import TreeEntry, Vault, layout, tree
from afield.vault.chunking import cut, cut_stream
from afield.vault.errors import Corrupt

digests = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, 2**32 - 1)
entries = st.builds(layout.Entry, digests, sizes, sizes, st.integers(0, 2**64 - 1))
# Compressible, incompressible and repeated parts, across the chunker's bounds.
pieces = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.binary(min_size=1, max_size=40), st.integers(1, 3_000)).map(lambda p: p[0] * p[1]),
    st.tuples(st.randoms(use_true_random=False), st.integers(0, 90_000)).map(
        lambda p: p[0].randbytes(p[1])
    ),
)
contents = st.lists(pieces, max_size=4).map(b"".join)
names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)
paths = st.lists(names.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=4).map(
    "/".join
)


@settings(deadline=None, max_examples=60)
@given(st.lists(contents, max_size=5), st.booleans(), st.booleans())
def test_what_is_put_is_what_is_got(data, meta, rows):
    disk = SimulatedDisk()
    vault = Vault("/p", disk, pack_bytes=100_000)
    ids = [vault.put(part, meta=meta) for part in data]
    ids += [vault.put_stream(io.BytesIO(part), rows=rows)[0] for part in data]
    vault.flush()
    other = Vault("/p", disk)
    for reader in (vault, other):
        assert [reader.get(object_id) for object_id in ids] == data * 2
        assert [reader.size(object_id) for object_id in ids] == [len(part) for part in data] * 2
    assert [other.open(object_id).read() for object_id in ids] == data * 2
    assert list(other.verify(roots=ids)) == []


@settings(deadline=None, max_examples=60)
@given(contents, st.booleans())
def test_a_stream_is_cut_where_its_bytes_are(data, rows):
    whole = [bytes(chunk) for chunk in cut(data, rows=rows)]
    assert [bytes(chunk) for chunk in cut_stream(io.BytesIO(data), rows=rows)] == whole
    assert b"".join(whole) == data


@given(st.lists(entries, max_size=50, unique_by=lambda entry: entry.digest), digests)
def test_index_lines_come_back_and_are_found(lines, other):
    block = layout.index_block(lines)
    keys = layout.keys_of(block)
    assert sorted(layout.entries_of(block)) == sorted(lines)
    for line in lines:
        at = layout.find_line(block, keys, line.digest)
        assert layout.Entry(*layout.ENTRY.unpack_from(block, at)) == line
    if other not in {line.digest for line in lines}:
        assert layout.find_line(block, keys, other) is None
    assert layout.read_index_file(b"p" * 32, layout.index_file(b"p" * 32, 7, block)) == (block, 7)
    assert layout.read_pack_index(b"records" + block + layout.pack_trailer(block, 7)) == block


@given(
    digests,
    digests,
    st.lists(st.tuples(digests, st.integers(0, 2**64 - 1)), min_size=1, max_size=50),
)
def test_a_recipe_comes_back_and_only_for_its_own_object(digest, other, items):
    payload = layout.recipe(digest, items)
    assert layout.read_recipe(digest, payload) == items
    if other != digest:
        with pytest.raises(Corrupt):
            layout.read_recipe(other, payload)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_never_parse_into_one_that_is_too_long(data):
    try:
        record = layout.read_record(data)
    except Corrupt:
        return
    assert len(record.payload) <= len(data)


@given(
    st.dictionaries(
        paths,
        st.tuples(
            st.sampled_from(tree.MODES), st.integers(0, 2**60), digests.map(lambda d: d.hex())
        ),
        max_size=20,
    )
)
def test_a_tree_comes_back_sorted(files):
    made = [TreeEntry(path, *rest) for path, rest in files.items()]
    found = tree.decode(tree.encode(made))
    assert sorted(found, key=lambda entry: entry.path.encode()) == list(found)
    assert set(found) == set(made)


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_tree_parser(data):
    for text in (data, tree.MAGIC + data):
        try:
            tree.decode(text)
        except Corrupt:
            continue

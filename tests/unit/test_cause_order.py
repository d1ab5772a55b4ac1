"""Change one thing between two manifests: it is named, and it is named first."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from afield.replay.causes import CAUSES, Cause, Side, first_cause
from afield.replay.gaps import Gap
from afield.replay.masks import Masks
from afield.runs.manifest import (
    Capture,
    Distribution,
    Entropy,
    Environment,
    FileRecord,
    Host,
    Manifest,
)

BASE = Manifest(
    argv=("python", "train.py", "--lr", "0.1"),
    cwd=".",
    root="/home/ada/proj",
    exit_code=0,
    environment=Environment(
        python="3.11.7",
        implementation="cpython",
        executable="/v/bin/python",
        prefix="/v",
        base_prefix="/usr",
        platform="linux",
        identity="i",
        distributions=(
            Distribution(name="numpy", version="1.26.4", identity="n1"),
            Distribution(name="pip", version="23.0", identity="p1"),
        ),
    ),
    inputs=(
        FileRecord(path="a.csv", digest="a" * 64, size_bytes=1, seen_by="python", where="t.py:1"),
        FileRecord(path="b.csv", digest="b" * 64, size_bytes=1, seen_by="python", where="t.py:2"),
    ),
    variables={"OMP_NUM_THREADS": "2", "PATH": "/bin"},
    entropy=Entropy(
        mode="replay", run_seed="1", hash_seed="2", calls=(("random", "train.py:3", 1),)
    ),
    host=Host(system="Linux", release="6", machine="x86_64", cpu="A", cores=2, memory_bytes=1),
    libraries=("/v/lib/libopenblas-1.so",),
    threads={"openblas": "2"},
    capture=Capture(layers=("tree",)),
)
TREE = {"train.py": (0o644, "c1"), "README.md": (0o644, "d1"), "a.csv": (0o644, "a" * 64)}


def changed(**more):
    return msgspec.structs.replace(BASE, **more)


def with_package(name, **more):
    environment = BASE.environment
    found = tuple(
        msgspec.structs.replace(one, **more) if one.name == name else one
        for one in environment.distributions
    )
    return changed(environment=msgspec.structs.replace(environment, distributions=found))


def with_input(path, digest):
    return changed(
        inputs=tuple(
            msgspec.structs.replace(one, digest=digest) if one.path == path else one
            for one in BASE.inputs
        )
    )


def with_entropy(**more):
    return changed(entropy=msgspec.structs.replace(BASE.entropy, **more))


def with_host(**more):
    return changed(host=msgspec.structs.replace(BASE.host, **more))


# In the order in which they are asked for.
CHANGES = {
    "code": (BASE, {**TREE, "train.py": (0o644, "c2")}),
    "environment": (with_package("numpy", version="2.0.0", identity="n2"), TREE),
    "input": (with_input("b.csv", "e" * 64), TREE),
    "arguments": (changed(argv=("python", "train.py", "--lr", "0.2")), TREE),
    "variables": (changed(variables={"OMP_NUM_THREADS": "4", "PATH": "/bin"}), TREE),
    "seed": (with_entropy(run_seed="9"), TREE),
    "machine": (with_host(cpu="B"), TREE),
}


def side(manifest=BASE, tree=TREE, root="/home/ada/proj"):
    return Side(manifest, tree, Masks([(root, "project"), ("/v", "environment")]))


def cause(manifest=BASE, tree=TREE, **more):
    def show(path, old, new):
        return [f"{path}: {old} → {new}"]

    return first_cause(side(), side(manifest, tree), show=show, **more)


@pytest.mark.parametrize("kind", CHANGES)
def test_one_change_is_named(kind):
    found = cause(*CHANGES[kind])
    assert found is not None
    assert found.kind == kind
    assert found.evidence


def test_one_more_cause_is_one_more_entry_of_the_registry():
    asked = []

    def ask_moon(old, new, known):
        asked.append((old.manifest.argv, new.manifest.argv, len(known.gaps), len(known.symptoms)))
        return Cause("moon", "full vs new")

    more = {"gaps": [Gap("network", "x")], "symptoms": [Cause("console", "line 3")]}
    causes = (*CAUSES[:5], ask_moon, *CAUSES[5:])
    for kind in ("code", "environment", "input", "arguments", "variables"):
        assert cause(*CHANGES[kind], causes=causes, **more).kind == kind
    assert asked == []
    assert cause(*CHANGES["seed"], causes=causes, **more) == Cause("moon", "full vs new")
    assert asked == [(BASE.argv, BASE.argv, 1, 1)]
    assert cause(causes=(), **more) is None


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(CHANGES, 2)))
def test_of_two_changes_the_earlier_in_order_is_named(first, second):
    manifests = CHANGES[first][0], CHANGES[second][0]
    fields = {
        name: getattr(manifest, name)
        for manifest in reversed(manifests)
        for name in manifest.__struct_fields__
        if getattr(manifest, name) != getattr(BASE, name)
    }
    tree = {**TREE, **dict(set(CHANGES[first][1].items()) ^ set(TREE.items()))}
    tree = CHANGES["code"][1] if "code" in (first, second) else tree
    assert cause(changed(**fields), tree).kind == first


def test_equal_runs_have_no_cause():
    assert cause() is None


def test_when_all_is_equal_the_place_where_it_showed_is_named():
    symptoms = (Cause("console", "line 3"), Cause("output", "x"))
    assert cause(symptoms=symptoms) == symptoms[0]
    assert cause(*CHANGES["seed"], symptoms=symptoms).kind == "seed"


def test_the_input_that_was_read_first_is_named_with_its_line():
    both = changed(
        inputs=tuple(msgspec.structs.replace(one, digest="f" * 64) for one in BASE.inputs)
    )
    assert cause(both).detail == "a.csv differs, first read at t.py:1 (and 1 more inputs)"


def test_data_in_the_tree_that_was_read_is_an_input_and_not_code():
    found = cause(with_input("a.csv", "f" * 64), {**TREE, "a.csv": (0o644, "f" * 64)})
    assert (found.kind, found.detail.split(",")[0]) == ("input", "a.csv differs")


def test_a_file_that_was_not_seen_to_be_read_is_named_only_when_nothing_else_is():
    tree = {**TREE, "README.md": (0o644, "d2")}
    assert cause(BASE, tree).detail.endswith("neither run was seen to read them")
    assert cause(CHANGES["machine"][0], tree).kind == "machine"


def test_other_files_under_the_same_version_are_an_environment():
    found = cause(with_package("numpy", identity="patched"))
    assert (found.kind, found.detail) == (
        "environment",
        "numpy 1.26.4: other files under the same version",
    )


def test_packages_are_named_before_tools_and_changed_ones_before_missing_ones():
    environment = msgspec.structs.replace(
        BASE.environment,
        distributions=(
            Distribution(name="numpy", version="2.0", identity="n2"),
            Distribution(name="aaa", version="1", identity="x"),
        ),
    )
    found = cause(changed(environment=environment))
    assert found.evidence == (
        "numpy 1.26.4 → 2.0",
        "aaa 1 is only in the other run",
        "pip 23.0 is missing",
    )


def test_another_python_is_named_first_of_the_environment():
    environment = msgspec.structs.replace(BASE.environment, python="3.11.9")
    assert cause(changed(environment=environment)).detail == "cpython 3.11.7 → cpython 3.11.9"


def test_the_same_project_in_another_folder_is_no_cause():
    old = side(changed(argv=("/v/bin/python", "/home/ada/proj/train.py")))
    moved = changed(argv=("python3", "/tmp/x/train.py"), root="/tmp/x")  # noqa: S108 - a name
    new = side(moved, root="/tmp/x")  # noqa: S108 - a name
    assert first_cause(old, new, show=lambda *_: []) is None


def test_what_only_leads_to_programs_is_no_cause():
    assert cause(changed(variables={"OMP_NUM_THREADS": "2", "PATH": "/sbin"})) is None


@pytest.mark.parametrize("more", [{"run_seed": "9"}, {"hash_seed": "9"}, {"mode": "off"}])
def test_a_seed_that_nothing_was_seen_to_use_is_no_cause(more):
    quiet = msgspec.structs.replace(BASE.entropy, calls=())
    watched = Capture(layers=("tree", "python"))
    old = side(changed(entropy=quiet, capture=watched))
    new = side(changed(entropy=msgspec.structs.replace(quiet, **more), capture=watched))
    assert first_cause(old, new, show=lambda *_: []) is None
    found = first_cause(old, new, symptoms=[Cause("console", "line 3")], show=lambda *_: [])
    assert (found.kind, found.detail) == ("console", "line 3")
    assert any("PYTHONHASHSEED differs too" in line for line in found.evidence) is (
        "hash_seed" in more
    )


def test_that_nobody_watched_for_randomness_is_said_with_the_symptom():
    quiet = msgspec.structs.replace(BASE.entropy, calls=(), mode="off")
    both = side(changed(entropy=quiet))
    found = first_cause(both, both, symptoms=[Cause("console", "line 3")], show=lambda *_: [])
    assert "not known" in found.evidence[0]


def test_a_gap_stands_in_for_what_the_new_run_cannot_show():
    gaps = [Gap("input", "data.csv is not here", missing=True)]
    assert cause(gaps=gaps) == Cause("input", "data.csv is not here", ("data.csv is not here",))
    assert cause(*CHANGES["environment"], gaps=gaps).kind == "environment"
    assert cause(gaps=[Gap("input", "only a note", note=True)]) is None


def test_a_gap_of_files_that_the_run_did_not_read_comes_after_every_cause():
    gap = Gap("code", "big.bin (3 MB) was not kept: too large", missing=True, unread=True)
    assert cause(*CHANGES["machine"], gaps=[gap]).kind == "machine"
    assert cause(gaps=[gap], symptoms=[Cause("console", "x")]).detail == gap.detail
    held = Gap("secret", "a.txt held a secret", missing=True, unread=True)
    assert cause(*CHANGES["input"], gaps=[held]).kind == "input"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (("/v/libopenblas-1.so",), ("/v/libmkl.so",), "library of linear algebra"),
        (
            ("/v/libopenblas64_p-r0-0cf96a72.3.23.so",),
            ("/v/libopenblas64_p-r0-15028c96.3.21.so",),
            "library of linear algebra",
        ),
        (("/v/libgomp-1.so",), ("/v/libgomp-2.so",), "library libgomp"),
        (("/v/libopenblas-1.so", "/v/libgomp-1.so"), ("/v/libopenblas-1.so",), None),
        (("/v/libopenblas-1.so",), ("/v/libopenblas-1.so", "/v/libmkl.so"), None),
        (("/v/libopenblas-1.so",), ("/w/libopenblas-1.so",), None),
        ((), ("/v/libopenblas-1.so",), None),
    ],
)
def test_libraries_count_when_they_are_others_and_not_when_one_run_did_not_tell(old, new, expected):
    two = (side(changed(libraries=one)) for one in (old, new))
    found = first_cause(*two, show=lambda *_: [])
    assert (found is None) is (expected is None)
    assert found is None or found.detail.startswith(expected)


def test_libraries_and_threads_are_part_of_the_machine():
    assert cause(changed(threads={"openblas": "8"})).detail == "threads openblas: 2 vs 8"
    other = msgspec.structs.replace(CHANGES["machine"][0], libraries=("/v/lib/libgomp-1.so",))
    assert cause(other).evidence[1:] == (
        "library libopenblas-1.so is missing",
        "library libgomp-1.so is only in the other run",
    )

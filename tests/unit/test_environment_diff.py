from __future__ import annotations

import msgspec

from afield.replay.environment_diff import Change, diff_environments
from afield.runs.manifest import Distribution, Environment


def environment(*distributions, **more):
    about = {
        "python": "3.11.7",
        "implementation": "cpython",
        "executable": "/v/bin/python",
        "prefix": "/v",
        "base_prefix": "/usr",
        "platform": "linux-x86_64",
        "identity": "x",
    }
    return Environment(**about | more, distributions=distributions)


ONE = Distribution(name="one", version="1.0", identity="aa")


def test_an_environment_is_equal_to_itself_wherever_it_lies():
    moved = environment(ONE, prefix="/w", executable="/w/bin/python", identity="y")
    found = diff_environments(environment(ONE), moved)
    assert found.equal
    assert found == type(found)()


def test_names_are_compared_as_indexes_compare_them():
    before = Distribution(name="My.Package_x", version="1", identity="aa")
    after = Distribution(name="my-package-x", version="1", identity="aa")
    assert diff_environments(environment(before), environment(after)).equal


def test_another_python_and_platform_are_told():
    other = environment(ONE, python="3.12.1", platform="macosx-14-arm64")
    found = diff_environments(environment(ONE), other)
    assert found.python == Change("python", "cpython 3.11.7", "cpython 3.12.1")
    assert found.platform == Change("platform", "linux-x86_64", "macosx-14-arm64")
    assert not found.equal


def test_how_an_implementation_is_written_is_no_difference():
    assert diff_environments(environment(), environment(implementation="CPython")).equal


def test_the_same_version_with_other_files_is_a_difference():
    other = msgspec.structs.replace(ONE, identity="bb")
    found = diff_environments(environment(ONE), environment(other))
    assert (found.files, found.equal) == (("one",), False)


def test_editable_in_one_only_is_a_difference_of_origin_and_not_of_files():
    other = msgspec.structs.replace(ONE, identity="bb", origin="editable")
    found = diff_environments(environment(ONE), environment(other))
    assert found.files == ()
    assert found.origins == (Change("one", "index", "editable"),)
    assert not found.equal


def test_what_cannot_be_compared_is_named_and_is_no_difference():
    other = msgspec.structs.replace(ONE, identity=None)
    found = diff_environments(environment(ONE), environment(other))
    assert (found.unchecked, found.equal) == (("one",), True)


def test_without_an_environment_nothing_is_told():
    assert diff_environments(None, environment(ONE)).equal

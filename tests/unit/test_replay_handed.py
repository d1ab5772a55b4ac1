"""Secrets that a record leaves out: which are asked for, and where they go."""

from __future__ import annotations

import pytest

from afield.kernel.errors import Usage
from afield.replay.errors import SecretsNeeded
from afield.replay.handed import hand_over
from afield.runs.manifest import Capture, Manifest, Redaction


def manifest(*argv, variables=None, redactions=()):
    return Manifest(
        argv=("python", "a.py", *argv),
        cwd=".",
        root="/p",
        exit_code=0,
        variables=variables or {},
        redactions=redactions,
        capture=Capture(layers=("tree",)),
    )


def given(found, environ=None, **handed):
    names = {name.replace("_", "-"): value for name, value in handed.items()}
    return hand_over(found, names, environ or {}, run="r1")


def test_nothing_is_asked_for_when_nothing_was_redacted():
    handed = given(manifest("--lr", "0.1"))
    assert (handed.argv[2:], handed.variables, handed.known) == (("--lr", "0.1"), {}, {})


@pytest.mark.parametrize(
    ("argv", "name", "expected"),
    [
        (("--password", "redacted:flag"), "password", ("--password", "pw 1")),
        (("--token=redacted:flag",), "token", ("--token=pw 1",)),
        (("redacted:jwt",), "argument-2", ("pw 1",)),
        (("db://u:redacted:url-password@h/x",), "argument-2", ("db://u:pw 1@h/x",)),
    ],
)
def test_a_redacted_argument_is_never_run_but_asked_for_by_name(argv, name, expected):
    with pytest.raises(SecretsNeeded) as caught:
        given(manifest(*argv))
    assert caught.value.fields == {"secrets": (name,)}
    assert f"`{name}`" in caught.value.message
    assert f"--secret {name}" in caught.value.hint
    handed = hand_over(manifest(*argv), {name: "pw 1"}, {}, run="r1")
    assert handed.argv[2:] == expected
    assert set(handed.known.values()) == {"pw 1"}


def test_each_secret_of_a_command_line_has_a_name_of_its_own():
    found = manifest("--key", "redacted:flag", "--key", "redacted:flag", "a=redacted:x,redacted:y")
    with pytest.raises(SecretsNeeded) as caught:
        given(found)
    names = ("key", "argument-5", "argument-6", "argument-6.2")
    assert caught.value.fields == {"secrets": names}
    handed = hand_over(found, dict(zip(names, "ABCD", strict=True)), {}, run="r1")
    assert handed.argv[2:] == ("--key", "A", "--key", "B", "a=C,D")
    assert sorted(handed.known.values()) == ["A", "B", "C", "D"]


def test_a_variable_that_is_set_here_counts_as_handed_over():
    found = manifest(variables={"HF_TOKEN": "redacted:name", "LANG": "C"})
    with pytest.raises(SecretsNeeded, match="HF_TOKEN"):
        given(found)
    assert given(found, {"HF_TOKEN": "here"}).variables == {"HF_TOKEN": "here"}
    handed = hand_over(found, {"HF_TOKEN": "given"}, {"HF_TOKEN": "here"}, run="r1")
    assert handed.variables == {"HF_TOKEN": "given"}


def test_an_argument_that_was_the_value_of_a_variable_is_taken_from_it():
    own = Redaction(where="env", rule="name", name="MY_TOKEN")
    found = manifest("-x", "redacted:MY_TOKEN", redactions=(own,))
    with pytest.raises(SecretsNeeded, match="MY_TOKEN"):
        given(found)
    assert given(found, {"MY_TOKEN": "abc"}).argv[-1] == "abc"


def test_a_variable_outside_the_list_can_be_handed_over_and_what_nobody_asked_for_cannot():
    own = Redaction(where="env", rule="name", name="MY_TOKEN")
    found = manifest(redactions=(own,))
    assert hand_over(found, {"MY_TOKEN": "t"}, {}, run="r1").variables == {"MY_TOKEN": "t"}
    with pytest.raises(Usage, match="no such secret"):
        given(found, typo="t")

"""What members are called: read as a workspace is made, kept in an object, shown, searched."""

from __future__ import annotations

import json

import pytest

import afield
from afield.journal import Draft
from afield.members.events import MEMBER_INTRODUCED
from afield.runs.record import end_run, start_run
from afield.workspace.person import from_profile, person_here, to_profile
from afield.workspace.store import make_store

HOSTILE = 'O\'Neil -- "x"); ü'


def _workspace(tmp_path, name, **given):
    folder = str(tmp_path / ".afield")
    make_store(folder, person=None if name is None else lambda: name, **given)[0].journal.close()
    workspace = afield.open(tmp_path)
    run = start_run(workspace.record, kind="python", name="one")
    end_run(workspace.record, run, status="finished", exit_code=0)
    return workspace


@pytest.mark.parametrize("name", ["Ada Lovelace", HOSTILE])
def test_a_run_shows_its_users_name_and_is_found_by_it(tmp_path, name):
    with _workspace(tmp_path, name) as workspace:
        assert workspace.run("one").user == name
        quoted = name.replace('"', '""')
        assert workspace.count(f'user = "{quoted}"') == 1
        assert workspace.count(f'user != "{quoted}"') == 0
        assert workspace.count('user = "somebody else"') == 0
        assert workspace.count(f'member = "{workspace.config.member}"') == 1
        assert [found for found in workspace.verify() if found.damaged] == []


def test_the_name_stands_in_an_object_and_in_no_entry(tmp_path):
    with _workspace(tmp_path, "Ada Lovelace") as workspace:
        entries = [entry for batch in workspace.record.journal.read() for entry in batch.entries]
        assert "Ada" not in json.dumps([entry.body for entry in entries])
        assert entries[1].kind == MEMBER_INTRODUCED
        assert from_profile(workspace.record.vault.get(entries[1].refs[0])) == "Ada Lovelace"


def test_a_workspace_that_says_no_name_shows_the_member(tmp_path):
    with _workspace(tmp_path, None) as workspace:
        assert workspace.run("one").user == workspace.config.member
        assert workspace.count(f'user = "{workspace.config.member}"') == 1


def test_a_profile_that_was_erased_or_is_none_shows_the_member(tmp_path):
    with _workspace(tmp_path, "Ada") as workspace:
        member = workspace.config.member
        for profile in ("0" * 64, workspace.record.vault.put(b"[1]", meta=True)):
            workspace.record.vault.flush()
            draft = Draft(MEMBER_INTRODUCED, member, {"member": member}, (profile,))
            workspace.record.journal.append_many([draft])
            assert workspace.run("one").user == member
            assert workspace.count(f'user = "{member}"') == 1


def test_a_later_profile_counts(tmp_path):
    with _workspace(tmp_path, "Ada") as workspace:
        member = workspace.config.member
        assert workspace.run("one").user == "Ada"
        profile = workspace.record.vault.put(to_profile("Ada L."), meta=True)
        workspace.record.vault.flush()
        draft = Draft(MEMBER_INTRODUCED, member, {"member": member}, (profile,))
        workspace.record.journal.append_many([draft])
        assert workspace.run("one").user == "Ada L."


@pytest.mark.parametrize(
    ("text", "env", "name"),
    [
        ("[user]\n\tname = Ada Lovelace\n\temail = ada@localhost\n", {}, "Ada Lovelace"),
        ('[core]\nname = no\n[user]\nNAME="A # B" ; c\n[x]\nname = no', {}, "A # B"),
        ("[user]\nemail = ada@localhost # mine", {"USER": "x"}, "ada@localhost"),
        ("[user]\nname = \n", {"USER": "login"}, "login"),
        ("[user]\nname = A\x1b[2J\u202eB", {}, "A [2J B"),
        ("nonsense \x00 = [", {}, "home"),
        (None, {"LOGNAME": "login"}, "login"),
    ],
)
def test_the_name_is_gits_or_the_login(tmp_path, text, env, name):
    home = tmp_path / "home"
    home.mkdir()
    if text is not None:
        (home / ".gitconfig").write_text(text, "utf-8")
    assert person_here(env, str(home)) == name


def test_gits_other_place_is_read_and_the_home_one_counts_more(tmp_path):
    (tmp_path / "xdg" / "git").mkdir(parents=True)
    (tmp_path / "xdg" / "git" / "config").write_text("[user]\nname = X\nemail = y")
    env = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert person_here(env, str(tmp_path)) == "X"
    (tmp_path / ".gitconfig").write_text("[user]\nname = Home\n")
    assert person_here(env, str(tmp_path)) == "Home"


def test_finding_makes_the_default_workspace_for_the_person_of_that_home(tmp_path):
    (tmp_path / ".gitconfig").write_text("[user]\nname = Home Body\n")
    env = {"AFIELD_WORKSPACE": str(tmp_path / "there")}
    with afield.Workspace.find(tmp_path, env=env, home=tmp_path) as workspace:
        assert workspace.refresh() >= 0
        assert workspace.name_of(workspace.config.member) == "Home Body"

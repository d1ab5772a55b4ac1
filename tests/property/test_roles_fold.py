"""Roles, devices and removals in any order of delivery: all copies apply the same entries.

Guards: judge by the tables instead of by all claims, forget the late claims of the unmade, or let
an admin unmake one made earlier, and a test here or in `test_roles_fold` fails.
"""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from role_world import ANN, KEYS, Log, folded, heads

from afield.members.events import (
    device_confirmed,
    device_introduced,
    device_removed,
    member_granted,
    member_revoked,
)
from afield.members.roles import Role

MEMBERS = list(KEYS)
roles = st.sampled_from([Role.ADMIN, Role.VIEWER, Role.DEVELOPER])
projects = st.sampled_from(["*", "*", "p"])
members = st.sampled_from(MEMBERS)
acts = st.tuples(
    st.sampled_from(["grant", "grant", "revoke", "confirm", "hub", "remove", "run", "for"]),
    members, members, roles, projects, st.integers(0, 3),
)  # fmt: skip


def history(told):
    """Return the entries of what was done, by logs that stand where their writers' do."""
    logs = {member: Log(member) for member in MEMBERS}
    for member, log in logs.items():
        key = KEYS[member]
        log.add(device_introduced(key.device, public_key=key.public, member=member), at=1)
    for at, (act, who, whom, role, project, back) in enumerate(told, 2):
        log, key = logs[who], KEYS[whom]
        when = max(at - 2 * back, 1)  # some clocks were set back
        known = heads(logs[whom], back)
        if act in {"confirm", "hub"}:
            hub = act == "hub"
            confirmed = device_confirmed(key.device, public_key=key.public, member=whom, hub=hub)
            log.add(confirmed, at=when)
        elif act == "remove":
            log.add(device_removed(key.device, heads=known), at=when)
        elif act in {"run", "for"}:
            log.write(f"{act} {at}", at=when, by=whom if act == "for" else None)
        else:
            said = member_granted if act == "grant" else member_revoked
            last = {key.device: known[0][0]}
            log.add(said(whom, project=project, role=role, heads=last), at=when)
    return [entry for log in logs.values() for entry in log.entries]


@st.composite
def deliveries(draw):
    start = [("confirm", ANN, member, Role.VIEWER, "*", 0) for member in MEMBERS[1:3]]
    entries = history([*start, *draw(st.lists(acts, max_size=14))])
    order = draw(st.permutations(entries))
    cuts = draw(st.lists(st.integers(0, len(order)), max_size=4))
    edges = sorted({0, len(order), *cuts})
    return entries, [order[start:end] for start, end in pairwise(edges)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(deliveries())
def test_any_delivery_of_grants_removals_and_work_folds_to_equal_tables(delivery):
    entries, batches = delivery
    dump, found = folded(batches)
    again, other = folded([entries])
    assert found == other
    assert dump == again
    assert found.rights.founder == ANN

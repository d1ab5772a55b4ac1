"""`afield join`: joining a hub, this device's safety phrase, and confirming another by its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from afield.cli import words
from afield.cli.output import emit_json, plain
from afield.cli.session import Session, global_options, session_of
from afield.kernel.errors import Usage

if TYPE_CHECKING:
    from afield.members.query import Device, Waiting
    from afield.workspace.workspace import Workspace


@click.command("join")
@click.argument("phrase", nargs=-1, metavar="[URL|PHRASE]")
@click.option("--remove", metavar="DEVICE", help="Let what DEVICE writes from now on not count.")
@click.option("--as-hub", is_flag=True, help="It is a hub's: it writes for all whom it lets in.")
@global_options
@click.pass_context
def command(
    context: click.Context, phrase: tuple[str, ...], remove: str | None, *, as_hub: bool
) -> int:
    """Show this device's safety phrase, or confirm the device whose PHRASE you were told.

    With the URL of a hub: join its workspace from this folder, as a device of your own. A token
    for the hub stands in AFIELD_TOKEN.

    Ask for the phrase in a way that nobody can forge: by voice, say. Entries of devices that
    nobody has confirmed wait, and are in no answer.
    """
    session = session_of(context)
    if remove is not None and phrase:
        raise Usage("cannot do both", "--remove", "a phrase confirms", hint="afield join --help")
    if len(phrase) == 1 and "://" in phrase[0]:
        return _join(session, phrase[0])
    workspace = session.workspace()
    workspace.refresh()
    if remove is not None:
        _remove(session, workspace, remove)
    elif phrase:
        _confirm(session, workspace, " ".join(phrase), hub=as_hub)
    else:
        _show(session, workspace)
    return 0


def _join(session: Session, url: str) -> int:
    """Join the workspace at a remote, from the folder that the person stands in.

    Raises:
        RemoteForeign: the folder holds another workspace, or there is none at the remote.
        RemoteUnreachable: nobody answers there, or not with a certificate that is trusted.
    """
    from pathlib import Path

    from afield.cli.commands.sync import PARTLY, pace_of, run
    from afield.cli.joining import tell_joined
    from afield.workspace.joining import join
    from afield.workspace.person import person_here
    from afield.workspace.sync import Wishes

    folder = Path(session.workspace_path or session.here()).expanduser().absolute()
    person = lambda: person_here(session.environ, str(Path.home()))  # noqa: E731
    workspace, remote = join(url, str(folder), person=person)
    session.cleanup.callback(workspace.close)
    report, whole = run(session, workspace, remote, pace_of(None), Wishes())
    tell_joined(session, workspace, (remote.name, remote.url), report, whole=whole)
    return 0 if whole and not (report.faults or report.lacks) else PARTLY


def _confirm(session: Session, workspace: Workspace, typed: str, *, hub: bool) -> None:
    from afield.cli.apart import tell_apart
    from afield.kernel.errors import NotFound
    from afield.members.phrase import same_phrase
    from afield.members.query import waiting
    from afield.workspace.apart_documents import apart_parts
    from afield.workspace.disagreements import disagreements
    from afield.workspace.joining import is_confirmed
    from afield.workspace.membership import let_in

    devices = waiting(workspace.projection)
    found = [one for one in devices if same_phrase(typed, _phrase(workspace, one))]
    if not found:
        _refuse_known(workspace, typed)
        why = f"none of {len(devices)} that wait has it" if devices else "no device waits here"
        raise NotFound("no device with this phrase", typed, why, hint="afield sync")
    device = found[0]
    before = disagreements(workspace)
    let_in(workspace, device, hub=hub)
    name = _name(workspace, device)
    apart = [one for one in disagreements(workspace) if one not in before]
    if session.json:
        emit_json(
            {
                "schema": "afield.joined/1",
                "device": device.id,
                "member": device.member,
                "name": name,
                "entries": device.entries,
                "disagreements": apart_parts(workspace, apart),
            }
        )
        return
    counted = words.count(device.entries, "entry")
    click.echo(f"confirmed: device {device.id[:8]} of {plain(name)}; {counted} count now")
    if not is_confirmed(workspace):
        click.echo("for the others they count once this device is confirmed, too: afield join")
    tell_apart(workspace, apart)
    click.echo("tell the others: afield sync")


def _refuse_known(workspace: Workspace, typed: str) -> None:
    """Say so when the phrase is that of a device that does not wait.

    Raises:
        Refused: it counts already, or is this one.
    """
    from afield.kernel.errors import Refused
    from afield.members.phrase import same_phrase
    from afield.members.query import devices
    from afield.workspace.joining import phrase_of

    what = "nothing to confirm"
    for one in devices(workspace.projection):
        if not same_phrase(typed, phrase_of(workspace, one.id, one.public_key) or ""):
            continue
        if one.id == workspace.config.device:
            why = "it is this device's own phrase: a colleague types it"
            raise Refused(what, typed, why, hint="afield sync")
        state = "was removed" if one.id in workspace.config.removed else "counts already"
        why = f"device {one.id[:8]} of {plain(workspace.name_of(one.member))} {state}"
        raise Refused(what, typed, why, hint="afield join")


def _remove(session: Session, workspace: Workspace, typed: str) -> None:
    """Remove a device that was lost, or whose member left."""
    from afield.kernel.errors import NotAllowed, NotFound, Refused
    from afield.members.events import device_removed
    from afield.members.query import devices, waiting
    from afield.members.removal import heads_of, may_remove

    known = [one.id for one in devices(workspace.projection)]
    known += [one.id for one in waiting(workspace.projection)]
    found = [one for one in known if typed and one.startswith(typed.lower())]
    if len(found) != 1:
        why = "more than one begins like this" if found else "none begins like this"
        raise NotFound("no such device", typed, why, hint="afield join")
    device = found[0]
    journal, config = workspace.record.journal, workspace.config
    if device in config.removed:
        raise Refused("nothing to remove", device[:8], "it is removed already", hint="afield join")
    if device == config.device:
        why = "it is this one: another member's device removes it"
        raise NotAllowed("cannot remove device", device[:8], why, hint="afield join")
    if not may_remove(workspace.projection, config.founded_by, config.member, device):
        why = "this device stands no nearer to the founder"
        hint = "ask who confirmed it, or the founder: afield join --remove " + device[:8]
        raise NotAllowed("cannot remove device", device[:8], why, hint=hint)
    heads = heads_of(journal, device)
    journal.append_many([device_removed(device, heads=heads)], durable=True)
    workspace.refresh()
    last = max((seq for seq, _ in heads), default=0)
    if session.json:
        emit_json({"schema": "afield.removed/1", "device": device, "last": last})
        return
    click.echo(f"removed: device {device[:8]}; what it wrote up to entry {last} goes on counting")
    click.echo("tell the others: afield sync")


def _show(session: Session, workspace: Workspace) -> None:
    from afield.members.query import devices as known
    from afield.members.query import late, waiting
    from afield.workspace.joining import is_confirmed, phrase_of

    own = workspace.config.device
    aside = {own, *workspace.config.removed}
    counts = [one for one in known(workspace.projection) if one.id not in aside]
    founded = workspace.config.founded_by == own
    confirmed = is_confirmed(workspace)
    phrase = phrase_of(workspace, own)
    devices = waiting(workspace.projection)
    entries_late = late(workspace.projection)
    if session.json:
        emit_json(
            {
                "schema": "afield.devices/1",
                "device": own,
                "founder": workspace.config.founded_by,
                "confirmed": confirmed,
                "phrase": phrase,
                "devices": [_part(workspace, one) for one in counts],
                "waiting": [
                    {
                        "device": one.id,
                        "member": one.member,
                        "name": _name(workspace, one),
                        "entries": one.entries,
                    }
                    for one in devices
                ],
                "removed": [
                    {"device": each, "last": cut.last, "entries": entries_late.get(each, 0)}
                    for each, cut in sorted(workspace.config.removed.items())
                ],
            }
        )
        return
    if founded:
        click.echo(f"this device ({own[:8]}) founded the workspace")
    else:
        state = "is confirmed" if confirmed else "is not confirmed yet, as far as is known here"
        state = "was removed" if own in workspace.config.removed else state
        click.echo(f"this device ({own[:8]}) {state}")
        click.echo(f"its safety phrase: {phrase or 'known after the first sync'}")
    for other in counts:
        founder = ", the founder" if other.id == workspace.config.founded_by else ""
        name = plain(workspace.name_of(other.member))
        click.echo(f"counts: device {other.id[:8]} of {name}{founder}")
    for each, cut in sorted(workspace.config.removed.items()):
        count = entries_late.get(each, 0)
        more = f"; {words.count(count, 'entry')} after that do not" if count else ""
        click.echo(f"removed: device {each[:8]}; it counts up to entry {cut.last}{more}")
    for one in devices:
        name = plain(_name(workspace, one))
        entries = words.count(one.entries, "entry")
        click.echo(f"waiting: device {one.id[:8]}, calls itself {name}: {entries}")
    if devices:
        click.echo("ask them for their phrase, by voice, and type: afield join PHRASE")


def _part(workspace: Workspace, device: Device) -> dict[str, str]:
    """Return a device that counts, for JSON."""
    name = workspace.name_of(device.member)
    return {"device": device.id, "member": device.member, "name": name}


def _phrase(workspace: Workspace, device: Waiting) -> str:
    from afield.workspace.joining import phrase_of

    return phrase_of(workspace, device.id, device.public_key) or ""


def _name(workspace: Workspace, device: Waiting) -> str:
    """Return what a member that waits calls itself."""
    from afield.kernel.errors import AfieldError
    from afield.members.names import from_object

    if device.profile is not None:
        try:
            return from_object(workspace.record.vault.get(device.profile)) or device.member
        except AfieldError:
            return device.member
    return device.member

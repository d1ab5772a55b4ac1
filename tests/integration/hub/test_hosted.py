"""A workspace that many requests share: reading in threads, and hearing of what is new."""

from __future__ import annotations

import asyncio

from afield.workspace.marks import note_run


def note(workspace, text):
    note_run(workspace, workspace.run("first"), text)


def test_all_who_wait_hear_of_what_is_new(hosted):
    async def wait_and_write():
        before = hosted.position()
        waiting = [asyncio.create_task(hosted.changed(before, 60)) for _ in range(50)]
        await asyncio.sleep(0)
        await hosted.read(lambda workspace: note(workspace, "seen"))
        return before, await asyncio.gather(*waiting)

    before, heard = asyncio.run(wait_and_write())
    assert {now > before for now in heard} == {True}
    before, heard = asyncio.run(wait_and_write())  # in another loop, too
    assert {now > before for now in heard} == {True}


def test_nobody_waits_for_news_of_a_server_that_ends(hosted):
    async def wait():
        waiting = asyncio.create_task(hosted.changed(hosted.position(), 600))
        await asyncio.sleep(0)
        hosted.is_ending = True
        return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(wait()) == hosted.position()


def test_requests_read_at_once_each_with_a_workspace_of_its_own(hosted):
    async def read():
        return await asyncio.gather(
            *(
                hosted.read(lambda workspace: (id(workspace), len(workspace.runs())))
                for _ in range(40)
            )
        )

    found = asyncio.run(read())
    assert {runs for _, runs in found} == {3}
    assert len({workspace for workspace, _ in found}) <= 4

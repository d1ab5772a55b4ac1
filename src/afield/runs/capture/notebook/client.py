"""The program that has a notebook's cells executed: nbclient, told what to do by one JSON file.

Run by Afield's own Python beside the kernel, which is that of the command's environment. It
imports nothing of ours. What cells print goes to its own streams as it comes; the executed
notebook is written when it ends, however that is.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

LEAVE_SECONDS = 60  # that a kernel has to end by itself: its own last words, flushes, exit handlers
_POLL_SECONDS = 0.05
_LEAVE = "__import__('IPython').get_ipython().ask_exit()"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def main(path: str) -> int:
    """Execute the notebook that the file at `path` tells of; return the exit code."""
    warnings.simplefilter("ignore")  # of the libraries here; the kernel has its own
    import nbformat as formats
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    nbformat: Any = formats  # in part untyped
    told = json.loads(Path(path).read_text("utf-8"))
    notebook = nbformat.read(told["notebook"], as_version=nbformat.NO_CONVERT)
    sockets = tempfile.mkdtemp(prefix="afield-")
    manager = AsyncKernelManager(
        kernel_name=told["name"],
        kernel_spec_manager=KernelSpecManager(
            kernel_dirs=[told["kernels"]], ensure_native_kernel=False
        ),
        connection_file=told["connection"],
    )
    manager.shutdown_wait_time = 2 * LEAVE_SECONDS  # terminated after the half of it
    if os.name == "posix":  # nobody else can reach these, and no port is taken
        manager.transport = "ipc"
        manager.ip = str(Path(sockets, "kernel"))
    client = _client(notebook, manager, told["folder"])
    code = 0
    try:
        client.execute(cleanup_kc=True)
    except CellExecutionError:
        _print_error(client.nb)
        code = 1
    except (DeadKernelError, RuntimeError) as error:
        if not client.stopped_by:
            _tell_death(client, str(error))
        code = 1
    finally:
        _write(nbformat.writes(client.nb, version=nbformat.NO_CONVERT), told["executed"])
        shutil.rmtree(sockets, ignore_errors=True)
    if client.stopped_by:  # as a script would end that was sent this signal
        sys.stdout.flush()
        sys.stderr.flush()
        signal.signal(client.stopped_by, signal.SIG_DFL)
        os.kill(os.getpid(), client.stopped_by)
    return code


def _client(notebook: Any, manager: Any, folder: str) -> Any:
    """Return a client of nbclient that prints what cells print, and hears signals."""
    from nbclient import NotebookClient

    class Client(NotebookClient):
        stopped_by = 0
        cell_at = -1

        async def _async_cleanup_kernel(self) -> None:
            if not self.stopped_by and self.kc is not None:
                await _leave(self.km, self.kc)
            await super()._async_cleanup_kernel()

        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            content = msg["content"]
            if msg["msg_type"] == "stream":
                stream = sys.stderr if content.get("name") == "stderr" else sys.stdout
                stream.write(content.get("text", ""))
                stream.flush()
            return super().process_message(msg, cell, cell_index)

    def listen(**_: Any) -> None:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError, RuntimeError):  # Windows
                loop.add_signal_handler(name, stop, loop, name)

    def stop(loop: Any, number: int) -> None:
        kernel = client.km
        client.stopped_by = number
        if kernel is not None:
            client.stopping = loop.create_task(kernel.interrupt_kernel())

    def begin(cell: Any, cell_index: int) -> None:
        del cell
        client.cell_at = cell_index

    client: Any = Client(
        notebook,
        km=manager,
        timeout=None,
        resources={"metadata": {"path": folder}},
        coalesce_streams=True,
        on_notebook_start=listen,
        on_cell_start=begin,
    )
    return client


async def _leave(manager: Any, channels: Any) -> None:
    """Have the kernel end as `exit` in a cell ends it, and wait for that.

    Asked to shut down, ipykernel 7.4 answers in a thread that may then flush streams whose own
    thread is gone: it waits for ten seconds and says so on stderr, or for ever (2 of 100 runs on a
    busy machine). Another kernel, or one that does not end so, is asked to shut down all the same.
    """
    argv = manager.kernel_spec.argv
    if not any("ipykernel" in word for word in argv) or not await manager.is_alive():
        return
    channels.execute(_LEAVE, silent=True, store_history=False)
    for _ in range(int(LEAVE_SECONDS / _POLL_SECONDS)):
        await asyncio.sleep(_POLL_SECONDS)
        if not await manager.is_alive():
            return


def _tell_death(client: Any, why: str) -> None:
    """Say that the kernel is gone, and in the executed notebook, too, in which cell it went."""
    from nbformat.v4 import new_output

    new: Any = new_output  # untyped
    if client.cell_at < 0:
        sys.stderr.write(f"the kernel did not start: {why}\n")
        return
    cells = client.nb.cells[: client.cell_at + 1]
    number = sum(cell.cell_type == "code" for cell in cells)  # counted as `In [ ]` counts
    sys.stderr.write(f"cell {number}: the kernel died\n")
    error = new("error", ename="DeadKernelError", evalue="the kernel died", traceback=[])
    cells[-1].outputs.append(error)


def _print_error(notebook: Any) -> None:
    """Print the traceback of the last cell that has one."""
    for cell in reversed(notebook.cells):
        for output in reversed(cell.get("outputs", [])):
            if output.output_type == "error":
                text = "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
                if not sys.stderr.isatty() or "NO_COLOR" in os.environ:  # ambient: its own process
                    text = _COLOURS.sub("", text)
                sys.stderr.write(text + "\n")
                return


def _write(text: str, path: str) -> None:
    """Write the executed notebook, whole or not at all."""
    with open(path + ".tmp", "w", encoding="utf-8") as stream:
        stream.write(text if text.endswith("\n") else text + "\n")
    os.replace(path + ".tmp", path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))  # ambient: its own process

"""Notebooks are compared by their cells and what these put out, not as JSON."""

from __future__ import annotations

import base64
import io
import json

import pytest
from PIL import Image

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)


def code(source="1", *outputs, count=1, **about):
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": about,
        "execution_count": count,
        "source": source,
        "outputs": list(outputs),
    }


def stream(text, name="stdout"):
    return {"output_type": "stream", "name": name, "text": text}


def result(data, kind="display_data", **about):
    more = {"execution_count": 1} if kind == "execute_result" else {}
    return {"output_type": kind, "data": data, "metadata": about, **more}


def error(name="ValueError", told="no", traceback=()):
    return {"output_type": "error", "ename": name, "evalue": told, "traceback": list(traceback)}


def notebook(*cells, **about):
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": list(cells)}
    return json.dumps(plain).encode()


def png(colour, dots=()):
    image = Image.new("RGB", (20, 10), colour)
    for place in dots:
        image.putpixel(place, (255, 0, 0))
    made = io.BytesIO()
    image.save(made, "PNG")
    return base64.encodebytes(made.getvalue()).decode()


def compare(old, new):
    return judge("x.executed.ipynb", old, new, LOOK)


def test_metadata_ids_counts_and_layout_do_not_count():
    old = notebook(code(["a\n", "b"], count=1, execution={"shell.execute": "2026-01-01"}))
    new = notebook({**code("a\nb", count=7), "id": "zz"}, kernelspec={"name": "other"})
    assert compare(old, new).grade is Grade.CONTENT
    assert compare(old, new).canonicaliser == "ipynb"


def test_how_streams_were_cut_and_mixed_does_not_count():
    old = notebook(code("1", stream("a\nb\n"), stream("w\n", "stderr")))
    new = notebook(code("1", stream("a\n"), stream(["w\n"], "stderr"), stream(["b\n"])))
    assert compare(old, new).grade is Grade.CONTENT


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ([code("x = 1")], [code("x = 2")], "cell 1: other code: x = 1 vs 2"),
        ([code()], [code(), code()], "1 vs 2 cells"),
        ([code("1", stream("acc 0.5"))], [code("1", stream("acc 0.6"))], "0.5 vs 0.6"),
        ([code("1", stream("a"))], [code("1", stream("a", "stderr"))], "cell 1, stdout"),
        ([code("1", result({"text/plain": "1"}))], [code()], "1 vs 0 results"),
        ([code("1", error())], [code("1", error(told="yes"))], "cell 1, error"),
        (
            [code("1", error())],
            [code("1", result({"text/plain": "1"}))],
            "error: ValueError: no vs none",
        ),
        (
            [code("1", result({"text/plain": "1", "text/html": "<b>"}))],
            [code("1", result({"text/plain": "1"}))],
            "cell 1 (text/html): missing in the reproduction",
        ),
        (
            [code("1", result({"application/json": {"a": 1}}))],
            [code("1", result({"application/json": {"a": 2}}))],
            "cell 1 (application/json): a: 1 vs 2",
        ),
        (
            [code(), {"cell_type": "markdown", "metadata": {}, "source": "# a"}],
            [code(), {"cell_type": "markdown", "metadata": {}, "source": "# b"}],
            "markdown after cell 1: other code",
        ),
    ],
)
def test_what_differs_is_named_by_its_cell(old, new, told):
    found = compare(notebook(*old), notebook(*new))
    assert found.grade is Grade.DIVERGED
    assert told in found.detail


def test_numbers_are_judged_by_tolerance():
    old = notebook(code("1", result({"text/plain": "0.1234567891"}, "execute_result")))
    new = notebook(code("1", result({"text/plain": "0.1234567892"}, "execute_result")))
    assert compare(old, new).grade is Grade.TOLERANCE


def test_images_are_compared_by_their_pixels():
    white = notebook(code("1", result({"image/png": png("white")})))
    dotted = notebook(code("1", result({"image/png": png("white", [(1, 1), (2, 2)])})))
    assert compare(white, dotted).grade is Grade.DIVERGED
    assert "cell 1 (image/png): 1.00% of the pixels differ" in compare(white, dotted).detail


def test_a_picture_is_drawn_of_where_an_image_of_a_cell_differs():
    drawn = []
    look = Look(judge=judge, picture=lambda name, _: drawn.append(name))
    white = notebook(code("1", result({"image/png": png("white")})))
    black = notebook(code("1", result({"image/png": png("black")})))
    judge("x.executed.ipynb", white, black, look)
    assert drawn == ["x.executed.ipynb.cell-1.png"]


def test_ids_made_up_for_html_do_not_count():
    tables = [
        f'<table id="T_{one}"><td class="T_{one}">1</td></table>' for one in ("a1b2c", "0ff1e")
    ]
    old, new = (notebook(code("1", result({"text/html": table}))) for table in tables)
    assert compare(old, new).grade is Grade.CONTENT


def test_the_file_that_a_cell_is_compiled_under_does_not_count():
    file = "/tmp/ipykernel_{}/1718606777.py:1: UserWarning: careful\n"  # noqa: S108 - as ipykernel does
    texts = [file.format(pid) for pid in (12, 3456)]
    old, new = (notebook(code("1", stream(text, "stderr"))) for text in texts)
    found = compare(old, new)
    assert found.grade is Grade.CONTENT
    other = texts[1].replace("careful", "careless")
    assert compare(old, notebook(code("1", stream(other, "stderr")))).grade is Grade.DIVERGED


def test_colours_of_a_traceback_do_not_count():
    lines = ["\x1b[31mValueError\x1b[39m: no"], ["ValueError: no"]
    old, new = (notebook(code("1", error(traceback=one))) for one in lines)
    assert compare(old, new).grade is Grade.CONTENT


@pytest.mark.parametrize("data", [b"{}", b"[1]", b'{"nbformat": 3, "worksheets": []}', b"\xff{"])
def test_what_is_no_notebook_is_left_to_others(data):
    found = compare(data, data + b" 1")
    assert found.grade is Grade.DIVERGED
    assert found.canonicaliser != "ipynb"


def test_an_output_of_a_broken_shape_is_never_called_equal():
    broken = notebook(code("1", {"output_type": "stream"}))
    found = compare(broken, notebook(code("1", stream("a"))))
    assert found.grade is Grade.DIVERGED

"""Notebooks as text, cells executed by hand as a notebook, and the names of cells' files."""

from __future__ import annotations

import json

import pytest

from afield.runs.capture.notebook.command import file_number
from afield.runs.cells import (
    Executed,
    as_text,
    clean_notebook,
    read_document,
    session_notebook,
    text_of,
)


def notebook(*cells, **about):
    plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": list(cells)}
    return json.dumps(plain).encode()


def test_cells_become_a_script_without_outputs():
    outputs = [{"output_type": "stream", "name": "stdout", "text": "noise"}]
    found = text_of(
        notebook(
            {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "\n", "words"]},
            {"cell_type": "code", "metadata": {}, "source": "%time\nx = 1", "outputs": outputs},
        )
    )
    assert found == "# %% [markdown]\n# # Title\n#\n# words\n\n# %%\n%time\nx = 1\n"


def test_a_notebook_of_another_language_is_commented_as_it_is_there():
    about = {"language_info": {"name": "javascript"}}
    found = text_of(notebook({"cell_type": "raw", "metadata": {}, "source": "a"}, **about))
    assert found == "// %% [raw]\n// a\n"


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"nbformat": 4}', b'{"nbformat": 4, "cells": [1]}', b'{"nbformat": 3}']
)
def test_what_is_no_notebook_has_no_text(data):
    assert text_of(data) is None


def test_cells_executed_by_hand_stand_in_their_order_and_say_how_they_went():
    cells = [
        Executed(2, "a", before=True),
        Executed(4, "1/0", "ZeroDivisionError"),
        Executed(3, "b"),
    ]
    plain = json.loads(session_notebook(cells))
    assert [cell["execution_count"] for cell in plain["cells"]] == [2, 4, 3]
    assert plain["cells"][1]["metadata"]["tags"] == ["raises-exception"]
    assert plain["cells"][0]["metadata"]["afield"] == {"error": None, "before": True}
    assert plain["cells"][2]["metadata"] == {}
    document = read_document(session_notebook(cells))
    assert as_text(document) == "# %%\na\n\n# %%\n1/0\n\n# %%\nb\n"


def test_texts_of_a_notebook_are_cleaned_whole_and_images_are_left_alone():
    output = {"output_type": "display_data", "metadata": {}}
    data = notebook(
        {
            "cell_type": "code",
            "metadata": {},
            "source": ["k = 'sec\n", "ret'"],
            "outputs": [{**output, "data": {"image/png": "sec\nret", "text/plain": "sec\nret"}}],
        }
    )
    found = json.loads(clean_notebook(data, lambda text: text.replace("sec\nret", "<gone>")))
    (cell,) = found["cells"]
    assert cell["source"] == ["k = '<gone>'"]
    assert cell["outputs"][0]["data"] == {"image/png": "sec\nret", "text/plain": "<gone>"}


@pytest.mark.parametrize("source", ["", "a", "ab", "abc", "abcd", "x = 1\n", "é = 'ü'" * 7])
def test_the_file_of_a_cell_is_named_as_ipykernel_names_it(source):
    compiler = pytest.importorskip("ipykernel.compiler", reason="not run: ipykernel is not here")
    assert compiler.murmur2_x86(source, compiler.get_tmp_hash_seed()) == file_number(source)

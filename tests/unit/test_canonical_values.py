from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from afield.replay.canonical import Look, canonicaliser_names, judge
from afield.replay.masks import Masks, Window
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
DOCUMENT = {
    "acc": 0.91,
    "n": 1000000001,
    "name": "tree",
    "list": [1, 2.5, None, True],
    "o": {"k": ""},
}


def grade(name, old, new, look=LOOK):
    return judge(name, old, new, look).grade


def mutants(value):
    """Every document that differs from `value` in one leaf, key or item."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {name: value[name] for name in value if name != key}
            yield {(f"{name}_" if name == key else name): value[name] for name in value}
            for changed in mutants(inner):
                yield {**value, key: changed}
        yield {**value, "one more": None}
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield value[:at] + value[at + 1 :]
            for changed in mutants(inner):
                yield [*value[:at], changed, *value[at + 1 :]]
        yield value[::-1]
    elif isinstance(value, bool) or value is None:
        yield from (0, 1, "", "x", not value)
    elif isinstance(value, int | float):
        yield from (value + 1, -value, str(value), None)
    else:
        yield from (value + "x", None, 0)


def test_layout_and_key_order_of_json_are_not_content():
    old = json.dumps(DOCUMENT).encode()
    new = json.dumps(dict(reversed(DOCUMENT.items())), indent=3).encode()
    assert grade("m.json", old, new) is Grade.CONTENT


def test_a_changed_json_is_never_identical_content():
    old = json.dumps(DOCUMENT).encode()
    tried = 0
    for changed in mutants(DOCUMENT):
        tried += 1
        assert grade("m.json", old, json.dumps(changed).encode()) is Grade.DIVERGED, changed
    assert tried > 30


def test_the_place_in_a_json_is_named():
    old, new = b'{"a": {"b": [1, 0.91]}}', b'{"a": {"b": [1, 0.93]}}'
    assert judge("m.json", old, new, LOOK).detail == "a.b[1]: 0.91 vs 0.93"


def test_numbers_of_json_are_compared_by_their_digits():
    old = b'{"x": 0.12345678901234567890}'
    assert grade("m.json", old, b'{"x": 0.12345678901234567891}') is Grade.TOLERANCE
    assert grade("m.json", b'{"x": 0.10}', b'{"x": 1e-1}') is Grade.CONTENT
    assert grade("m.json", b'{"x": 100000000}', b'{"x": 100000001}') is Grade.DIVERGED
    assert grade("m.json", b'{"x": NaN, "y": 1}', b'{"y": 1, "x": NaN}') is Grade.CONTENT


def test_measured_times_in_json_are_shown_and_not_judged():
    judged = judge("m.json", b'{"a": 1, "fit_time": 1.5}', b'{"a": 1, "fit_time": 2.5}', LOOK)
    assert (judged.grade, judged.detail) == (Grade.CONTENT, "times not judged: fit_time")
    assert judged.unjudged == ("times not judged: fit_time",)
    assert not judged.hollow
    assert judge("m.json", b'{"fit_time": 1}', b'{"fit_time": 2}', LOOK).hollow
    assert grade("m.json", b'{"fit_time": 1.5}', b'{"fit_time": "no"}') is Grade.DIVERGED


def test_a_moment_of_the_run_is_no_content_but_any_other_date_is():
    march, may = (int(datetime(2026, month, 2, tzinfo=UTC).timestamp() * 1000) for month in (3, 5))
    look = Look(
        judge=judge,
        old=Masks([], Window(march, march + 9000)),
        new=Masks([], Window(may, may + 9000)),
    )
    old, new = b'{"made": "2026-03-02T00:00:05Z"}', b'{"made": "2026-05-02T00:00:01Z"}'
    assert grade("m.json", old, new, look) is Grade.CONTENT
    assert grade("m.json", old, b'{"made": "2026-05-12T00:00:01Z"}', look) is Grade.DIVERGED
    old, new = b'{"made": "2026-03-02 acc 0.91"}', b'{"made": "2026-05-02 acc 0.93"}'
    assert grade("m.json", old, new, look) is Grade.DIVERGED
    assert grade("m.json", old, new.replace(b"0.93", b"0.91"), look) is Grade.CONTENT
    stamps = [json.dumps({"t": ms / 1000 + 1}).encode() for ms in (march, may)]
    assert grade("m.json", *stamps, look) is Grade.CONTENT
    assert grade("m.json", stamps[0], b'{"t": 1234567890}', look) is Grade.DIVERGED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'{"a": 1, "a": 2}', b'{"a": 2, "a": 2}'),
        (b"[" * 5000 + b"]" * 5000, b"[" * 4000 + b"]" * 4000),
        (b'{"a": 1', b'{"a": 1,'),
        (b'{"a": ' + b"9" * 5000 + b"}", b'{"a": ' + b"8" * 5000 + b"}"),
        (b"\xff\xfe", b"\xff\xff"),
    ],
)
def test_odd_json_is_never_called_good(old, new):
    assert grade("m.json", old, new) is Grade.DIVERGED


def test_json_lines_name_the_line():
    old, new = b'{"a": 1}\n{"a": 2}\n', b'{"a": 1}\n{"a": 3}\n'
    judged = judge("m.jsonl", old, new, LOOK)
    assert (judged.grade, judged.detail) == (Grade.DIVERGED, "line 2 a: 2 vs 3")
    assert grade("m.jsonl", old, b'{"a":1}\n{"a":  2}\n') is Grade.CONTENT


TABLE = b"day,score,n,fit_time\n2020-01-01,0.5,3,1.0\n2020-01-02,0.25,4,2.0\n"


def test_quoting_and_line_ends_of_a_table_are_not_content():
    quoted = TABLE.replace(b"0.5,", b'"0.5",').replace(b"\n", b"\r\n")
    assert grade("t.csv", TABLE, quoted) is Grade.CONTENT
    assert grade("t.csv", TABLE, TABLE.replace(b"0.5,", b"0.50,")) is Grade.CONTENT


def test_a_changed_cell_is_never_identical_content():
    for at, byte in enumerate(TABLE):
        if chr(byte).isdigit():
            line, column = TABLE[:at].count(b"\n"), TABLE[:at].rsplit(b"\n", 1)[-1].count(b",")
            if line and column == 3:
                continue  # measured times
            changed = TABLE[:at] + bytes([byte ^ 1]) + TABLE[at + 1 :]
            assert grade("t.csv", TABLE, changed) is Grade.DIVERGED, changed
    assert grade("t.csv", TABLE, TABLE + b"2020-01-03,1,1,1\n") is Grade.DIVERGED
    assert grade("t.csv", TABLE, TABLE.replace(b",4,", b",4,,")) is Grade.DIVERGED
    swapped = b"\n".join([*TABLE.split(b"\n")[:1], *TABLE.split(b"\n")[2:0:-1], b""])
    assert grade("t.csv", TABLE, swapped) is Grade.DIVERGED


def test_row_and_column_are_named():
    judged = judge("t.csv", TABLE, TABLE.replace(b"0.25", b"0.75"), LOOK)
    assert judged.detail == "row 3, column score: 0.25 vs 0.75"


def test_cells_are_compared_by_tolerance_but_whole_numbers_are_not():
    assert grade("t.csv", TABLE, TABLE.replace(b"0.25", b"0.2500000001")) is Grade.TOLERANCE
    big = b"id\n1000000001\n"
    assert grade("t.csv", big, big.replace(b"01\n", b"02\n")) is Grade.DIVERGED


def test_measured_columns_are_shown_and_not_judged():
    judged = judge("t.csv", TABLE, TABLE.replace(b"2.0\n", b"2.7\n"), LOOK)
    assert (judged.grade, judged.detail) == (Grade.CONTENT, "times not judged: fit_time")


def test_text_is_compared_number_by_number():
    assert grade("r.txt", b"acc 0.5\n", b"acc 0.5000000001\n") is Grade.TOLERANCE
    judged = judge("r.txt", b"a\nb\naccuracy 0.91\n", b"a\nb\naccuracy 0.93\n", LOOK)
    assert (judged.grade, judged.detail) == (Grade.DIVERGED, "line 3: accuracy 0.91 vs 0.93")


def test_text_outside_logs_keeps_its_times():
    assert grade("r.txt", b"took 3.2s", b"took 4.2s") is Grade.DIVERGED
    assert grade("r.log", b"took 3.2s", b"took 4.2s") is Grade.CONTENT


def test_binary_names_the_first_differing_byte():
    judged = judge("m.bin", b"\0" * 1000 + b"a", b"\0" * 1000 + b"bc", LOOK)
    assert judged.detail == "first differing byte at 1000; 1001 vs 1002 bytes"


def test_without_an_environment_a_pickle_is_compared_by_bytes():
    judged = judge("m.pkl", b"\x80\x04\x95a", b"\x80\x04\x95b", LOOK)
    assert judged.grade is Grade.DIVERGED
    assert judged.detail == "bytes differ; no environment at hand to look inside"


def test_equal_bytes_are_identical_whatever_they_are():
    for name in ("a.png", "a.json", "a.pkl", "a.unknown"):
        assert judge(name, b"\0junk", b"\0junk", LOOK).grade is Grade.BYTES


def test_names_of_canonicalisers_are_unique():
    names = canonicaliser_names()
    assert len(names) == len(set(names))

"""The day: three people in three zones, offline in turn, who meet only at a folder."""

from __future__ import annotations


def test_a_day_passes_between_three_zones_and_all_copies_say_the_same(afield_process):
    answer = afield_process("demo", "--team", "--json")
    assert answer.code == 0, answer.err
    told = answer.json
    assert (told["handover"], told["by"], told["decision"]) == ("accepted", "Asha", "accepted")
    assert (told["review"], told["runs"]) == (["reproduced"], 4)
    assert told["accept_minutes"] == 6, "Asha worked since 09:00 and took it over at 09:06"
    assert "mia$ afield brief" in answer.err

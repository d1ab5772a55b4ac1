"""What is laid over a rebuilt environment, and what is said of it."""

from __future__ import annotations

from afield.replay.overlay import lay_over
from afield.runs.manifest import Distribution


def test_of_afield_itself_it_is_not_claimed_that_nobody_imported_it(tmp_path):
    both = [
        Distribution(name=name, version="1", origin="editable", location=str(tmp_path / name))
        for name in ("afield", "other")
    ]
    for one in both:
        (tmp_path / one.name).mkdir()
    gaps = lay_over(
        both,
        old_root="/project",
        new_root=str(tmp_path / "new"),
        folder=tmp_path / "overlay",
        python="python3",
        unused={"afield", "other"},
    )
    afield, other = (gap.detail for gap in gaps)
    assert "it recorded the run" in afield
    assert "the run did not import it" in other
    assert all(gap.note for gap in gaps)

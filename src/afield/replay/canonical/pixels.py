"""Two images of the same size, pixel by pixel: how many differ, by how much, and a picture of it.

Works in strips, so that memory stays near that of the two images. Which files are images, and
what else of them counts, is decided by `png` and `jpeg`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from afield.replay.canonical.look import Look
from afield.replay.limits import DIFFERENCE_PIXELS_MAX
from afield.replay.verdict import Grade, Judged

if TYPE_CHECKING:
    import numpy as np

_STRIP_PIXELS = 1 << 20
_FADED = 0.25


def compare_pixels(name: str, left: np.ndarray, right: np.ndarray, look: Look) -> Judged:
    """Compare two arrays of height, width and channels.

    When `look.picture` is given and pixels differ, it gets a PNG of where they do.
    """
    import numpy as np

    height, width = left.shape[:2]
    distance = np.zeros((height, width), np.uint8)
    step = max(1, _STRIP_PIXELS // max(1, width))
    for top in range(0, height, step):
        strip = slice(top, top + step)
        one, other = (side[strip].astype(np.int16) for side in (left, right))
        distance[strip] = np.abs(one - other).max(axis=2)
    most = int(distance.max(initial=0))
    if not most:
        return Judged(Grade.CONTENT, name)
    if look.picture is not None and look.depth == 0:
        look.picture(look.name, _drawn(left, distance))
    share = float(np.count_nonzero(distance)) / distance.size
    detail = f"{share:.2%} of the pixels differ, by at most {most} of 255"
    return Judged(Grade.DIVERGED, name, detail)


def _drawn(image: np.ndarray, distance: np.ndarray) -> bytes:
    """Draw the recorded image faded, and red what differs; smaller when it is large."""
    import numpy as np
    from PIL import Image

    step = 1
    while -(-distance.shape[0] // step) * -(-distance.shape[1] // step) > DIFFERENCE_PIXELS_MAX:
        step += 1
    rows, columns = (np.arange(0, size, step) for size in distance.shape)
    # the largest difference of each block: a single pixel must not vanish
    most = np.maximum.reduceat(np.maximum.reduceat(distance, rows, axis=0), columns, axis=1)
    grey = image[::step, ::step, : min(3, image.shape[2])].mean(axis=2)
    faded = (255 - (255 - grey) * _FADED).astype(np.uint8)
    drawn = np.repeat(faded[:, :, None], 3, axis=2)
    differs = most > 0
    drawn[differs] = np.stack(
        [np.full(most.shape, 255), 160 - most // 2, 160 - most // 2], axis=2
    ).astype(np.uint8)[differs]
    made = io.BytesIO()
    Image.fromarray(drawn).save(made, "PNG")
    return made.getvalue()

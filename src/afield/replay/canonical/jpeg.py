"""JPEG: size, every pixel as decoded, orientation, resolution and colour profile.

Dates, comments and other texts, thumbnails, and how the same coefficients are packed
(progressive, optimised) do not count. Files that hold several images are compared by bytes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from afield.replay.canonical.look import Canonicaliser, Look
from afield.replay.canonical.pixels import compare_pixels
from afield.replay.limits import PIXELS_MAX
from afield.replay.verdict import Grade, Judged

if TYPE_CHECKING:
    import numpy as np

NAME = "jpeg"
_ORIENTATION = 0x0112
_END = b"\xff\xd9"


def compare(old: bytes, new: bytes, look: Look) -> Judged | None:
    """Compare two photographs by their pixels."""
    left, right = _parse(old), _parse(new)
    if left is None or right is None:
        return None
    for what, one in left[0].items():
        other = right[0][what]
        if one != other:
            told = f"{what} differs" if what == "colour profile" else f"{what} {one} vs {other}"
            return Judged(Grade.DIVERGED, NAME, told)
    return compare_pixels(NAME, left[1], right[1], look)


def _parse(data: bytes) -> tuple[dict[str, Any], np.ndarray] | None:
    import numpy as np
    from PIL import Image

    if not data.endswith(_END):  # cut short, or something stands behind the image
        return None
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
            if image.width * image.height > PIXELS_MAX or "mp" in image.info:
                return None
            facts = {
                "size": f"{image.width}x{image.height}",
                "mode": image.mode,
                "orientation": image.getexif().get(_ORIENTATION, 1),
                "resolution": image.info.get("dpi", (72, 72)),  # what readers take for none
                "colour profile": image.info.get("icc_profile"),
            }
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, IndexError, Warning):
        return None
    except Image.DecompressionBombError:
        return None
    return facts, pixels.reshape(*pixels.shape[:2], -1)


JPEG = Canonicaliser(NAME, compare, magic=(b"\xff\xd8\xff",))

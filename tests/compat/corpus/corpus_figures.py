"""A matplotlib backend for the corpus: `plt.show()`, and the end, write open figures as PNG."""

import atexit
from itertools import count

from matplotlib import _pylab_helpers
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib.backends.backend_agg import FigureManagerBase

__all__ = ["FigureCanvas", "FigureManager", "show"]

_number = count(1)


class FigureManager(FigureManagerBase):
    """As every backend needs one."""


def show(*_args, **_kwargs):
    for manager in _pylab_helpers.Gcf.get_all_fig_managers():
        manager.canvas.figure.savefig(f"figure-{next(_number)}.png")
    _pylab_helpers.Gcf.destroy_all()


atexit.register(show)

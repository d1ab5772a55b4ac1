"""A matplotlib backend for the gallery: `plt.show()` writes each open figure as a PNG."""

from matplotlib import _pylab_helpers
from matplotlib.backends.backend_agg import FigureCanvasAgg as FigureCanvas
from matplotlib.backends.backend_agg import FigureManagerBase

__all__ = ["FigureCanvas", "FigureManager", "show"]

_written = 0


class FigureManager(FigureManagerBase):
    """As every backend needs one."""


def show(*_args, **_kwargs):
    global _written
    for manager in _pylab_helpers.Gcf.get_all_fig_managers():
        _written += 1
        manager.canvas.figure.savefig(f"figure-{_written}.png")
    _pylab_helpers.Gcf.destroy_all()

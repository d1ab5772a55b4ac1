"""Load two files of `torch.save` and say how they relate, as one JSON line.

    python compare_torch.py OLD NEW TOLERANCE NAME

Tensors are compared by type, shape, value and whether they are trained; where they lay, on
which device and in which order a state dict names them does not count.
"""

import sys

from answers import Different, Walk, answer
from compare_pickles import stand_in_for_main


class Checkpoint(Walk):
    """Walks what was saved; a state dict is a mapping without an order."""

    def dicts(self, old, new, where, depth):
        if all(hasattr(value, "detach") for side in (old, new) for value in side.values()):
            ordered = {key: new[key] for key in old if key in new}
            ordered.update((key, value) for key, value in new.items() if key not in ordered)
            new = ordered
        Walk.dicts(self, old, new, where, depth)

    def tensors(self, old, new, where, depth):
        import torch

        if old.requires_grad != new.requires_grad:
            raise Different("%s: one is trained, the other not" % where)
        if old.layout != torch.strided or old.is_quantized:
            raise ValueError("%s: a sparse or quantized tensor" % where)
        if str(old.dtype) != str(new.dtype) or tuple(old.shape) != tuple(new.shape):
            told = (where, old.dtype, tuple(old.shape), new.dtype, tuple(new.shape))
            raise Different("%s: %s%s vs %s%s" % told)
        sides = [side.detach().resolve_conj().resolve_neg().cpu() for side in (old, new)]
        if old.dtype == torch.bfloat16 or "float8" in str(old.dtype):
            sides = [side.float() for side in sides]
        self.arrays(sides[0].numpy(), sides[1].numpy(), where, depth)
        self.rest(old, new, where, depth)


def compare(walk, old, new):
    import torch

    stand_in_for_main()
    sides = [torch.load(path, map_location="cpu", weights_only=False) for path in (old, new)]
    if any(isinstance(side, torch.jit.ScriptModule) for side in sides):
        raise ValueError("a TorchScript archive")
    walk.compare(sides[0], sides[1], "saved")


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    answer(Checkpoint, compare, sys.argv[1:])

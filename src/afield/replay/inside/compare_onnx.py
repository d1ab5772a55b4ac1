"""Read two ONNX models and say how they relate, as one JSON line.

    python compare_onnx.py OLD NEW TOLERANCE NAME

The graph node by node, and weights by type, shape and value however they are packed. Who wrote
the file, the order of weights, and the notes of an exporter on where in the source a node came
from do not count. Weights in files of their own are compared by where they stand.
"""

import sys

from answers import Different, Walk, answer, bound_memory

WRITERS = {"ModelProto": ("producer_name", "producer_version"), "NodeProto": ("doc_string",)}
BY_NAME = {
    "initializer": "name",
    "value_info": "name",
    "attribute": "name",
    "opset_import": "domain",
    "metadata_props": "key",
    "quantization_annotation": "tensor_name",
}


class Graph(Walk):
    """Walks two models side by side."""

    def messages(self, old, new, where):
        if old.DESCRIPTOR.name == "TensorProto":
            self.weights(old, new, where)
            return
        left, right = fields(old), fields(new)
        for name in sorted(set(left) | set(right)):
            if name not in left or name not in right:
                words = "missing" if name in left else "only"
                raise Different("%s: %s is %s in the reproduction" % (where, name, words))
            self.members(left[name], right[name], "%s.%s" % (where, name))

    def members(self, old, new, where):
        if hasattr(old, "DESCRIPTOR"):
            self.messages(old, new, where)
        elif isinstance(old, list):
            if len(old) != len(new):
                raise Different("%s: %d vs %d" % (where, len(old), len(new)))
            for index, (one, other) in enumerate(zip(old, new)):
                name = getattr(one, "name", "") or index
                self.members(one, other, "%s[%s]" % (where, name))
        else:
            self.compare(old, new, where)

    def weights(self, old, new, where):
        from onnx import numpy_helper

        heads = [head(side) for side in (old, new)]
        if heads[0] != heads[1]:
            raise Different("%s: %s vs %s" % (where, heads[0], heads[1]))
        if old.external_data or old.SerializeToString() == new.SerializeToString():
            return
        self.visited.clear()  # arrays are let go, and their ids given out again
        del self.kept[:]
        one, other = (numpy_helper.to_array(side) for side in (old, new))
        self.arrays(one, other, where, 0)


def head(tensor):
    return {
        "name": tensor.name,
        "type": tensor.data_type,
        "shape": list(tensor.dims),
        "elsewhere": sorted((one.key, one.value) for one in tensor.external_data),
    }


def fields(message):
    """Return what a message holds, by name; lists without an order by their names."""
    skipped = WRITERS.get(message.DESCRIPTOR.name, ())
    pairs = ((field.name, value) for field, value in message.ListFields())
    return {name: listed(name, value) for name, value in pairs if name not in skipped}


def listed(name, value):
    if hasattr(value, "DESCRIPTOR") or isinstance(value, (str, bytes, int, float)):
        return value
    items = list(value)
    if name == "metadata_props":
        items = [one for one in items if "stack_trace" not in one.key]
    if name in BY_NAME:
        items.sort(key=lambda one: getattr(one, BY_NAME[name]))
    return items


def compare(walk, old, new):
    import onnx

    models = [onnx.load(path, load_external_data=False) for path in (old, new)]
    walk.messages(models[0], models[1], "model")


if __name__ == "__main__":
    bound_memory()
    answer(Graph, compare, sys.argv[1:])

"""Read two HDF5 files and say how they relate, as one JSON line.

    python compare_hdf5.py OLD NEW TOLERANCE NAME

Groups, links, attributes, and datasets by type, shape and value, block by block. Chunks,
compression, times, fill values, room to grow and the order of creation do not count.
"""

import sys

from answers import Different, Walk, answer, bound_memory

BLOCK_BYTES = 16 << 20
TOTAL_BYTES_MAX = 4 << 30


class Hierarchy(Walk):
    """Walks two files side by side."""

    def __init__(self, tolerance):
        Walk.__init__(self, tolerance)
        self.seen = set()
        self.places = {}, {}
        self.read_bytes = 0

    def nodes(self, old, new, where):
        import h5py

        pair = tuple(address(side) for side in (old, new))
        if pair in self.seen:
            return
        self.seen.add(pair)
        kinds = [
            next(k for k in (h5py.Group, h5py.Dataset, h5py.Datatype) if isinstance(side, k))
            for side in (old, new)
        ]
        if kinds[0] is not kinds[1]:
            raise Different("%s: %s vs %s" % (where, kinds[0].__name__, kinds[1].__name__))
        self.attributes(old, new, where)
        if kinds[0] is h5py.Group:
            self.groups(old, new, where)
        elif kinds[0] is h5py.Dataset:
            self.datasets(old, new, where)
        elif old.id != new.id:
            raise Different("%s: the type differs" % where)

    def groups(self, old, new, where):
        import h5py

        same_names(old, new, where, "member")
        for name in sorted(old):
            place = "%s/%s" % (where.rstrip("/"), name)
            links = [side.get(name, getlink=True) for side in (old, new)]
            if type(links[0]) is not type(links[1]) or vars(links[0]) != vars(links[1]):
                raise Different("%s: it links elsewhere" % place)
            if isinstance(links[0], h5py.HardLink):  # others are compared by where they lead
                self.nodes(old[name], new[name], place)

    def attributes(self, old, new, where):
        same_names(old.attrs, new.attrs, where, "attribute")
        for name in sorted(old.attrs):
            place = "%s@%s" % (where, name)
            pair = [side.attrs.get_id(name) for side in (old, new)]
            self.types(pair[0], pair[1], place)
            self.values((old, new), (old.attrs[name], new.attrs[name]), place)

    def types(self, old, new, where):
        """Compare types and shapes; no shape at all is not the shape of one value."""
        spaces = [side.get_space() for side in (old, new)]
        shapes = [(space.get_simple_extent_type(), space.shape) for space in spaces]
        if old.get_type() != new.get_type() or shapes[0] != shapes[1]:
            told = (where, old.dtype, shapes[0][1], new.dtype, shapes[1][1])
            raise Different("%s: %s%s vs %s%s" % told)

    def datasets(self, old, new, where):
        self.types(old.id, new.id, where)
        if any(side.is_virtual or side.external for side in (old, new)):
            raise ValueError("%s: its values stand in another file" % where)
        if old.shape is None or 0 in old.shape:
            return
        self.read_bytes += old.size * max(1, old.dtype.itemsize)
        if self.read_bytes > TOTAL_BYTES_MAX:
            raise ValueError("it holds more than %d MB" % (TOTAL_BYTES_MAX >> 20))
        for block, start in blocks(old.shape, old.dtype.itemsize):
            place = "%s from %s" % (where, list(start)) if any(start) else where
            self.values((old, new), (old[block], new[block]), place)

    def values(self, nodes, values, where):
        """Compare what was read; references by the first name that leads to what they mean."""
        self.visited.clear()  # blocks are let go, and their ids given out again
        del self.kept[:]
        old, new = (
            named(node.file, value, places)
            for node, value, places in zip(nodes, values, self.places)
        )
        self.compare(old, new, where)


def find_places(node, where, places):
    """Note the first name of every object, in an order that does not hang on the file."""
    import h5py

    if address(node) in places:
        return
    places[address(node)] = where
    for name in sorted(node) if isinstance(node, h5py.Group) else ():
        if isinstance(node.get(name, getlink=True), h5py.HardLink):
            find_places(node[name], "%s/%s" % (where.rstrip("/"), name), places)


def address(node):
    import h5py

    info = h5py.h5o.get_info(node.id)
    return info.fileno, info.addr


def same_names(old, new, where, what):
    for one, other, words in ((old, new, "missing"), (new, old, "only")):
        for name in sorted(one):
            if name not in other:
                told = (where, what, name, words)
                raise Different("%s: %s `%s` is %s in the reproduction" % told)


def blocks(shape, item_bytes):
    """Yield what to read at a time, as slices, and where it starts."""
    if not shape:
        yield (), ()
        return
    row_bytes = max(1, item_bytes)
    for count in shape[1:]:
        row_bytes *= count
    if row_bytes > BLOCK_BYTES:
        for at in range(shape[0]):
            for rest, start in blocks(shape[1:], item_bytes):
                yield (slice(at, at + 1), *rest), (at, *start)
        return
    step = BLOCK_BYTES // row_bytes
    for at in range(0, shape[0], step):
        yield (slice(at, at + step),), (at,) + (0,) * (len(shape) - 1)


def named(file, value, places):
    """Return a value with the names that its references lead to."""
    import h5py

    if isinstance(value, h5py.RegionReference):
        raise NotImplementedError("a reference to a region")
    if isinstance(value, h5py.Reference):
        return places.get(address(file[value]), "nowhere") if value else None
    if isinstance(value, h5py.Empty):
        return None
    kind = getattr(value, "dtype", None)
    if kind is not None and kind.hasobject and getattr(value, "shape", ()):
        return [named(file, item, places) for item in value.ravel().tolist()]
    if kind is not None and kind.names and kind.hasobject:
        return [named(file, item, places) for item in value.tolist()]
    return [named(file, item, places) for item in value] if isinstance(value, tuple) else value


def compare(walk, old, new):
    import h5py

    with h5py.File(old, "r") as one, h5py.File(new, "r") as other:
        find_places(one, "/", walk.places[0])
        find_places(other, "/", walk.places[1])
        walk.nodes(one, other, "/")


if __name__ == "__main__":
    bound_memory()
    answer(Hierarchy, compare, sys.argv[1:])

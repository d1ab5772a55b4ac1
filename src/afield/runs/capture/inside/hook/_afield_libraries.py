"""Which calls of which libraries open files that Python's audit events do not tell, and which.

Of each call stands the argument that is a path, and whether it is read (`r`), written anew (`w`),
updated (`u`), as another argument says (`mode=r`: `r` when it is not given), or not known (`-`:
inner functions, to which classes hand their paths that cannot be wrapped themselves). A `?` marks
what not all versions have, `@0` where a compiled function takes the path. Libraries that cannot be
watched from Python, or not whole, are told by name.
"""

import os
import sys

from _afield_importlib_bootstrap import Finder, after, around, is_ours
from _afield_place import line_of_person

_UNWATCHED = (
    "netCDF4", "osgeo", "rasterio", "fiona", "pyogrio", "tensorflow", "catboost", "av", "decord",
    "tiledb", "duckdb", "onnxruntime", "vtkmodules", "pysam", "tensorstore", "lance", "deltalake",
)  # fmt: skip

CALLS = {
    "h5py": ("File.__init__ name mode=r",),
    "tables": ("File.__init__ filename mode=r",),
    "pyarrow": (
        "memory_map path mode=r", "create_memory_map path w", "input_stream source r",
        "output_stream source w", "?lib.encode_file_path path@0 -",
    ),
    "pyarrow._fs": ("?tobytes o@0 -",),
    "pyarrow.parquet": (
        "read_table source r", "?read_pandas source r", "read_metadata where r",
        "read_schema where r", "ParquetFile.__init__ source r",
        "ParquetDataset.__init__ path_or_paths r", "ParquetWriter.__init__ where w",
        "write_table where w", "write_metadata where w", "write_to_dataset root_path w",
    ),
    "pyarrow.csv": (
        "read_csv input_file@0 r", "open_csv input_file@0 r", "write_csv output_file@1 w",
    ),
    "pyarrow.json": ("read_json input_file@0 r", "?open_json input_file@0 r"),
    "pyarrow.feather": ("read_table source r", "read_feather source r", "write_feather dest w"),
    "pyarrow.orc": (
        "read_table source r", "ORCFile.__init__ source r", "write_table where w",
        "ORCWriter.__init__ where w",
    ),
    "pyarrow.ipc": (
        "open_file source r", "open_stream source r", "new_file sink w", "new_stream sink w",
    ),
    "pyarrow.dataset": ("dataset source r", "write_dataset base_dir w"),
    "polars": (
        "read_csv source r", "?read_csv_batched source r", "read_parquet source r",
        "read_ipc source r", "?read_ipc_stream source r", "read_ndjson source r",
        "read_json source r", "read_avro source r", "?read_excel source r", "?read_ods source r",
        "?read_ipc_schema source r", "?read_parquet_schema source r",
        "?read_parquet_metadata source r", "?read_lines source r", "?read_delta source r",
        "scan_csv source r", "scan_parquet source r", "scan_ipc source r", "scan_ndjson source r",
        "?scan_lines source r", "DataFrame.write_csv file w", "DataFrame.write_parquet file w",
        "DataFrame.write_ipc file w", "?DataFrame.write_ipc_stream file w",
        "DataFrame.write_ndjson file w", "DataFrame.write_json file w",
        "DataFrame.write_avro file w", "?LazyFrame.sink_csv path w",
        "?LazyFrame.sink_parquet path w", "?LazyFrame.sink_ipc path w",
        "?LazyFrame.sink_ndjson path w",
    ),
    "torch": (
        "serialization.load f r", "serialization.save f w", "jit._serialization.load f r",
        "jit._serialization.save f w", "from_file filename@0 r",
    ),
    "safetensors": ("safe_open filename@1 r", "serialize_file filename@1 w"),
    "xgboost": (
        "DMatrix.__init__ data r", "DMatrix.save_binary fname w", "Booster.load_model fname r",
        "Booster.save_model fname w",
    ),
    "lightgbm": (
        "Dataset.__init__ data r", "Dataset.save_binary filename w",
        "Booster.__init__ model_file r", "Booster.save_model filename w", "Booster.predict data r",
        "train init_model r",
    ),
    "soundfile": ("SoundFile.__init__ file mode=r",),
    "cv2": (
        "imread filename@0 r", "?imreadmulti filename@0 r", "imwrite filename@0 w",
        "?imwritemulti filename@0 w",
    ),
    "duckdb": (
        "connect database@0 u", "?read_csv path_or_buffer@0 r", "?read_parquet path_or_buffer@0 r",
        "?read_json path_or_buffer@0 r", "?from_parquet path_or_buffer@0 r",
        "?from_csv_auto path_or_buffer@0 r", "?DuckDBPyConnection.read_csv path_or_buffer@1 r",
        "?DuckDBPyConnection.read_parquet path_or_buffer@1 r",
        "?DuckDBPyConnection.read_json path_or_buffer@1 r",
        "?DuckDBPyRelation.write_parquet file_name@1 w",
        "?DuckDBPyRelation.to_parquet file_name@1 w",
        "?DuckDBPyRelation.write_csv file_name@1 w", "?DuckDBPyRelation.to_csv file_name@1 w",
    ),
}  # fmt: skip

_FLAGS = {"-": -1, "r": os.O_RDONLY, "w": os.O_WRONLY | os.O_TRUNC, "u": os.O_RDWR}
_MODES = {"r": "r", "w": "w", "x": "w", "w-": "w", "w+": "w", "x+": "w"}  # any other: `u`
_IS_UNNOTICED = sys.version_info >= (3, 11)  # before, a wrapper would stand in tracebacks
_PATH_MAX = 4096
_PATHS_MAX = 10000


class Libraries:
    """Wraps the calls of this process's libraries.

    `watch` tells an open at first sight; `put` writes other events; `fault` counts our faults.
    """

    def __init__(self, watch, fault):
        self.first_open = watch.first_open
        self.read, self.written, self.handed = watch.read, watch.written, set()
        self.seen = {"r": self.read, "w": self.written, "u": self.written, "-": self.handed}
        self.put = watch.put
        self.fault = fault
        self.told = set()

    def listen(self):
        """Have each library wrapped when it is imported; nothing is imported here."""
        names = dict.fromkeys((*CALLS, *_UNWATCHED))
        sys.meta_path.insert(0, Finder(names, self.loaded))

    def loaded(self, module):
        """Wrap the calls of a module that has just run, and tell that."""
        try:
            self.wrap(module)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            self.fault(error)

    def wrap(self, module):
        name = module.__name__
        missing = []
        start = name.partition(".")[0] + "."
        package = [one for key, one in list(sys.modules.items()) if (key + ".").startswith(start)]
        for line in CALLS.get(name, ()) if _IS_UNNOTICED else ():
            target, argument, how = line.split(" ")
            try:
                self.wrap_one(module, package, target.lstrip("?"), argument, how)
            except (AttributeError, KeyError, TypeError, ValueError):
                if target[0] != "?":
                    missing.append(target)
        if name not in self.told:
            self.told.add(name)
            whole = "0" if name in _UNWATCHED or not _IS_UNNOTICED else "1"
            self.put("w", (name, whole, *missing))

    def wrap_one(self, module, package, target, argument, how):
        """Put the wrapper of one call in its place, and in all modules of its package that hold it.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: the library is another than was known.
        """
        *path, name = target.split(".")
        home = module
        for part in path:
            home = getattr(home, part)
        call = home.__dict__[name]
        if is_ours(call):
            return
        if isinstance(call, type):
            own = call.__dict__.get("__init__")
            if own is None:
                call.__init__ = after(call, self.teller(call, argument, how))
            elif not is_ours(own):
                raise TypeError(name)
            return
        if isinstance(call, (staticmethod, classmethod)) or not callable(call):
            raise TypeError(name)
        wrapper = around(call, self.teller(call, argument, how))
        setattr(home, name, wrapper)
        if isinstance(home, type) or how == "-":  # what is inside stays inside
            return
        for other in package:
            if isinstance(other, type(sys)) and other.__dict__.get(name) is call:
                setattr(other, name, wrapper)

    def teller(self, call, argument, how):
        """Return what tells the file of a call, by its arguments; it never raises."""
        argument, _, place = argument.partition("@")
        position = int(place) if place else position_of(call, argument)
        first, fault = self.first, self.fault
        if "=" in how:
            return self.teller_by_mode(call, argument, position, how)
        flags, seen = _FLAGS[how], self.seen[how]

        def tell(args, kwargs):
            try:
                path = args[position] if len(args) > position else kwargs.get(argument)
                if path.__class__ is not str or path not in seen:
                    first(path, flags, seen)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                fault(error)

        return tell

    def teller_by_mode(self, call, argument, position, how):
        name, _, default = how.partition("=")
        at = position_of(call, name)
        first, fault, sets = self.first, self.fault, self.seen

        def tell(args, kwargs):
            try:
                path = args[position] if len(args) > position else kwargs.get(argument)
                mode = args[at] if len(args) > at else kwargs.get(name, default)
                how = _MODES.get(mode or default, "u")
                seen = sets[how]
                if path.__class__ is not str or path not in seen:
                    first(path, _FLAGS[how], seen)
            except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                fault(error)

        return tell

    def first(self, path, flags, seen):
        """Tell a path, or each of several, that was not seen before; nothing for what is none."""
        if isinstance(path, (str, os.PathLike)):
            text = path_in(path)
            if text and text not in seen:
                self.tell(text, flags, seen)
        elif isinstance(path, (list, tuple)) and path and isinstance(path[0], (str, os.PathLike)):
            for one in path[:_PATHS_MAX]:
                self.first(one, flags, seen)

    def tell(self, text, flags, seen):
        """Write what is known of a path that was not seen before."""
        if flags >= 0:
            self.first_open(text, flags, seen)
        elif text not in self.read and text not in self.written:
            seen.add(text)
            self.put("v", (os.path.abspath(text), line_of_person()))


def path_in(path):
    """Return the path of a file of this machine; nothing where it is an address, or no path."""
    text = os.fsdecode(path)
    if text.startswith("file://"):
        text = text[7:]
    elif text[:2] == "~/":
        text = os.path.expanduser(text)
    is_path = len(text) <= _PATH_MAX and text[:1] != ":" and "://" not in text
    return text if is_path and "\n" not in text and "\0" not in text else ""


def position_of(call, argument):
    """Return where a function takes an argument; beyond all when only by its name.

    Raises:
        ValueError: it has no such argument.
    """
    while hasattr(call, "__wrapped__"):
        call = call.__wrapped__
    code = call.__code__
    at = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount].index(argument)
    return at if at < code.co_argcount else sys.maxsize

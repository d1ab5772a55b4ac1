"""What can go wrong with datasets, with the stable codes.

Usage     |- NameBad             datasets.name_bad
          `- CardFieldBad        datasets.card_field_bad
NotFound  |- DatasetNotFound     datasets.not_found
          |- VersionNotFound     datasets.version_not_found
          |- VersionAmbiguous    datasets.version_ambiguous
          |- FileNotInVersion    datasets.file_not_found
          `- ColumnNotFound      datasets.column_not_found
Refused   |- NothingToAdd        datasets.nothing_to_add
          |- FileChanging        datasets.file_changing
          |- FolderDiffers       datasets.folder_differs
          |- NotATable           datasets.not_a_table
          `- LibraryMissing      datasets.library_missing
Damaged   `- TreeUnsafe          datasets.tree_unsafe
"""

from __future__ import annotations

from afield.kernel.errors import Damaged, NotFound, Refused, Usage


class NameBad(Usage):
    """A name that no dataset may have, or words that name no version."""

    code = "datasets.name_bad"


class CardFieldBad(Usage):
    """A data card has no such field, or the field takes no such value."""

    code = "datasets.card_field_bad"


class DatasetNotFound(NotFound):
    """No dataset has this name."""

    code = "datasets.not_found"


class VersionNotFound(NotFound):
    """The dataset has no such version."""

    code = "datasets.version_not_found"


class VersionAmbiguous(NotFound):
    """Several versions fit the beginning of a digest."""

    code = "datasets.version_ambiguous"


class FileNotInVersion(NotFound):
    """The version holds no file of this name."""

    code = "datasets.file_not_found"


class ColumnNotFound(NotFound):
    """A table has no column of this name."""

    code = "datasets.column_not_found"


class NothingToAdd(Refused):
    """A path holds no file that could be kept."""

    code = "datasets.nothing_to_add"


class FileChanging(Refused):
    """A file is being written while it is read."""

    code = "datasets.file_changing"


class FolderDiffers(Refused):
    """A folder holds other bytes where those of a version would go."""

    code = "datasets.folder_differs"


class NotATable(Refused):
    """A file cannot be read as a table."""

    code = "datasets.not_a_table"


class LibraryMissing(Refused):
    """A library that was asked for is not installed."""

    code = "datasets.library_missing"


class TreeUnsafe(Damaged):
    """A tree would write outside of its folder, or through a link: no writer of ours made it."""

    code = "datasets.tree_unsafe"

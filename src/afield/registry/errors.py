"""What can go wrong with registered models, with the stable codes.

Usage     |- ModelNameBad          registry.name_bad
          `- StageBad              registry.stage_bad
NotFound  |- ModelNotFound         registry.not_found
          `- ModelVersionNotFound  registry.version_not_found
"""

from __future__ import annotations

from afield.kernel.errors import NotFound, Usage


class ModelNameBad(Usage):
    """A name that no model or alias may have."""

    code = "registry.name_bad"


class StageBad(Usage):
    """There is no such stage, or nothing can be archived for it."""

    code = "registry.stage_bad"


class ModelNotFound(NotFound):
    """No registered model has this name."""

    code = "registry.not_found"


class ModelVersionNotFound(NotFound):
    """The model has no such version."""

    code = "registry.version_not_found"

"""Bounds of the protocol: MLflow's own, as its client expects them, and ours against abuse."""

from __future__ import annotations

PARAMS_PER_BATCH_MAX = 100
METRICS_PER_BATCH_MAX = 1000
ENTITIES_PER_BATCH_MAX = 1000
BATCH_BYTES_MAX = 1_000_000
"""MLflow counts the decoded body of a batch in some measure; ours is its bytes."""

PARAM_CHARS_MAX = 6000
TAG_CHARS_MAX = 8000
KEY_CHARS_MAX = 250
EXPERIMENT_NAME_CHARS_MAX = 500
EXPERIMENT_TAG_CHARS_MAX = 5000
LOCATION_CHARS_MAX = 2048

DATASET_NAME_CHARS_MAX = 500
DATASET_DIGEST_CHARS_MAX = 36
DATASET_SCHEMA_CHARS_MAX = 1_048_575
DATASET_SOURCE_CHARS_MAX = 65_535
DATASET_PROFILE_CHARS_MAX = 16_777_215
INPUT_TAG_KEY_CHARS_MAX = 255
INPUT_TAG_CHARS_MAX = 500

PAGE_MAX = 50_000
"""Runs or experiments in one page of a search."""

MODELS_PAGE = 50
MODELS_PAGE_MAX = 1000
REGISTERED_PAGE = 100
REGISTERED_PAGE_MAX = 1000
VERSIONS_PAGE_MAX = 200_000
REGISTRY_TAG_CHARS_MAX = 100_000
"""A prompt's text is a tag."""

HISTORY_MAX = 25_000
"""Points in one answer of a bulk history."""

HISTORY_RUNS_MAX = 100
INTERVAL_POINTS_MAX = 2500
SEARCHED_DATASETS_EXPERIMENTS_MAX = 20
DATASET_SUMMARIES_MAX = 1000

BODY_BYTES_MAX = 32 << 20
"""A request that is JSON; artifacts have no bound but the disk's."""

QUERY_FIELDS_MAX = 10_000
SEARCHED_EXPERIMENTS_MAX = 10_000
"""Experiments in whose runs is searched at once."""

FILTER_CHARS_MAX = 16 << 10
FILTER_TERMS_MAX = 200
FILTER_VALUES_MAX = 1000
PATTERN_CHARS_MAX = 1024
PATTERN_WILDCARDS_MAX = 64
ORDERS_MAX = 32
ORDER_CHARS_MAX = 1000

RETRY_S = 600.0
"""How long a creation whose answer was not delivered is known, for a client that tries again."""

PATH_CHARS_MAX = 4096
STREAM_BYTES = 1 << 20
"""What is read or written of an artifact at a time."""

UPLOADS_MAX = 64
PARTS_MAX = 10_000
UPLOAD_AGE_S = 24 * 3600.0
"""How long an upload in parts may take; what is left of an older one is thrown away."""

SETTLE_S = 5.0
"""How long a server that ends seals what was logged to ended runs; the rest is sealed later."""

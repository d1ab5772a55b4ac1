"""Models of XGBoost and LightGBM: trees by value, settings and sizes as what they mean."""

from __future__ import annotations

import json

import pytest

from afield.replay.canonical import Look, judge
from afield.replay.verdict import Grade

LOOK = Look(judge=judge)
MODEL = {
    "learner": {
        "gradient_booster": {
            "model": {"trees": [{"base_weights": [0.5, -0.25], "left_children": [1, -1]}]}
        },
        "learner_model_param": {"base_score": "[5E-1]", "num_class": "3"},
    },
    "version": [3, 2, 0],
}
TEXT = """tree
version=v4
num_class=1
feature_names=a b
tree_sizes=1280 1327

Tree=0
num_leaves=2
split_feature=0 1
leaf_value=0.58840000119805347 -0.25

end of trees
"""


def xgboost(old="", new="", model=None):
    return json.dumps(model or MODEL).replace(old, new).encode()


def test_key_order_and_layout_of_an_xgboost_model_are_not_content():
    other = json.dumps(dict(reversed(MODEL.items())), indent=1).encode()
    judged = judge("m.json", xgboost(), other, LOOK)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "xgboost")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("-0.25", "-0.26", "trees[0].base_weights[1]: -0.25 vs -0.26"),
        ("[1, -1]", "[2, -1]", "left_children[0]: 1 vs 2"),
        ("[5E-1]", "[6E-1]", "learner_model_param.base_score: '[5E-1]' vs '[6E-1]'"),
        ('"3"', '"4"', "learner_model_param.num_class: '3' vs '4'"),
        ("num_class", "num_klass", "num_class is missing in the reproduction"),
        ("[3, 2, 0]", "[3, 2, 1]", "version[2]: 0 vs 1"),
    ],
)
def test_a_changed_xgboost_model_is_never_identical_content(old, new, told):
    judged = judge("m.json", xgboost(), xgboost(old, new), LOOK)
    assert judged.grade is Grade.DIVERGED
    assert told in judged.detail


@pytest.mark.parametrize(("old", "new"), [("-0.25", "-0.25000001"), ("[5E-1]", "[5.0000001E-1]")])
def test_numbers_of_an_xgboost_model_are_compared_within_the_tolerance(old, new):
    assert judge("m.json", xgboost(), xgboost(old, new), LOOK).grade is Grade.TOLERANCE


@pytest.mark.parametrize(
    "data",
    [b'{"learner": {', b'{"learner": {"a": 1, "a": 2}}', b'{"learner": {"a":' + b"[" * 99999],
)
def test_hostile_models_are_judged_without_a_fault(data):
    assert judge("m.json", data, data + b"\n1", LOOK).grade is Grade.DIVERGED


def test_other_json_is_left_to_the_json_canonicaliser():
    judged = judge("m.json", b'{"learner": 1}', b'{"learner": 2}', LOOK)
    assert judged.canonicaliser == "json"


def test_sizes_of_trees_are_not_content_and_numbers_have_a_tolerance():
    sizes = TEXT.replace("1280 1327", "1282 1247").encode()
    judged = judge("model.txt", TEXT.encode(), sizes, LOOK)
    assert (judged.grade, judged.canonicaliser) == (Grade.CONTENT, "lightgbm")
    near = TEXT.replace("119805347", "119805348").replace("1280", "1281").encode()
    assert judge("model.txt", TEXT.encode(), near, LOOK).grade is Grade.TOLERANCE


@pytest.mark.parametrize(
    ("old", "new"),
    [("-0.25", "-0.26"), ("=0 1", "=0 2"), ("a b", "a c"), ("num_leaves", "leaves"), ("v4", "v3")],
)
def test_a_changed_lightgbm_model_is_never_identical_content(old, new):
    judged = judge("model.txt", TEXT.encode(), TEXT.replace(old, new).encode(), LOOK)
    assert judged.grade is Grade.DIVERGED
    assert judged.canonicaliser == "lightgbm"

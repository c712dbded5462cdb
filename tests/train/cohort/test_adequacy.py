"""What the numbers of a split allow to be measured."""

import json

import pytest

from train.cohort.adequacy import judge
from train.cohort.card import SplitSummary
from train.cohort.targets import target_of


def summary(images: int, positives: int) -> SplitSummary:
    return SplitSummary(
        images, images, positives, positives / images, None, None, None, None, None, {}, {}
    )


def test_the_studys_size_is_enough_for_mr_and_narrow_for_as() -> None:
    mr = {
        "train": summary(8327, 3650),
        "validation": summary(1041, 456),
        "test": summary(1065, 466),
    }
    found = judge(mr, target_of("mr"))
    assert found["enough"]
    as_ = mr | {"test": summary(1065, 106)}
    checks = {check["name"]: check for check in judge(as_, target_of("as"))["checks"]}
    # The published interval of AS sensitivity, 88 of 106, is .74–.90: 0.15 wide.
    assert checks["sensitivity"]["found"] == pytest.approx(0.15, abs=0.01)
    assert checks["test positives"]["enough"]


def test_too_few_positives_say_how_many_would_do() -> None:
    small = {name: summary(40, 4) for name in ("train", "validation", "test")}
    found = judge(small, target_of("as"))
    checks = {check["name"]: check for check in found["checks"]}
    assert not found["enough"]
    assert "4 positives, fewer than the 100" in checks["test positives"]["sentence"]
    assert "such radiographs would make it 0.10" in checks["auc"]["sentence"]
    none = {name: summary(40, 0) for name in small}
    checks = {check["name"]: check for check in judge(none, target_of("as"))["checks"]}
    assert checks["auc"]["found"] is None
    assert json.dumps(judge(none, target_of("as")), allow_nan=False)

"""Calibration is fitted on validation, everything is measured, nothing is fitted on test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

from cxr_valve.models.chain import run_chain
from train.evaluate import NICE_RATIOS, Calibrated, MemberOutputs, calibrate, describe, run_member

NETWORKS = ("resnet50", "densenet121")
CASES = 400


def split(
    seed: int, cases: int = CASES, share: float = 0.4
) -> tuple[pd.DataFrame, list[MemberOutputs]]:
    """A table and two members whose logits rise with the label, one on a finer grid."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(cases) < share * cases).astype(int)
    table = pd.DataFrame(
        {
            "image": [f"{seed}-{i}" for i in range(cases)],
            "patient": [f"{seed}-{i // 2}" for i in range(cases)],
            "sex": "F",
            "age": 60,
            "view": "PA",
            "mr": labels,
            "mr_grade": np.where(labels == 1, "mild", "none"),
        }
    )
    members = []
    for cells in (3, 4):
        logits = rng.normal(1.2 * labels - 0.4, 1.0)
        maps = rng.normal(0, 1, (cases, cells, cells)).astype(np.float32)
        maps += (logits - 0.1 - maps.mean(axis=(1, 2)))[:, None, None].astype(np.float32)
        members.append(MemberOutputs(logits, maps))
    return table, members


def both(**changes: float) -> tuple[dict[str, pd.DataFrame], dict[str, list[MemberOutputs]]]:
    splits = {"validation": split(1), "test": split(2, **changes)}
    return {k: v[0] for k, v in splits.items()}, {k: v[1] for k, v in splits.items()}


@pytest.fixture(scope="module")
def found() -> Calibrated:
    return calibrate("mr", NETWORKS, *both())


def test_each_member_is_calibrated_by_logistic_regression_on_validation(found: Calibrated) -> None:
    tables, outputs = both()
    for member, calibration in zip(outputs["validation"], found.members, strict=True):
        model = LogisticRegression(C=np.inf, tol=1e-10).fit(
            member.logits[:, None], tables["validation"]["mr"]
        )
        assert calibration.a == pytest.approx(float(model.coef_[0, 0]), abs=1e-4)
        assert calibration.b == pytest.approx(float(model.intercept_[0]), abs=1e-4)
    assert found.prevalence == pytest.approx(0.4)


def test_scores_are_the_mean_of_members_and_hold_both_splits(found: Calibrated) -> None:
    scores = found.scores
    assert list(scores.columns) == [
        "split", "image", "patient", "label", "grade", "sex", "age", "view", "score", *NETWORKS,
    ]  # fmt: skip
    assert scores["split"].value_counts().to_dict() == {"validation": CASES, "test": CASES}
    np.testing.assert_allclose(scores["score"], scores[list(NETWORKS)].mean(axis=1), atol=1e-6)
    _, outputs = both()
    first = expit(found.members[0].a * outputs["test"][0].logits + found.members[0].b)
    kept = scores.loc[scores["split"] == "test", "resnet50"]
    np.testing.assert_allclose(kept, first, atol=1e-6)


def test_the_threshold_is_youdens_on_validation(found: Calibrated) -> None:
    validation = found.scores[found.scores["split"] == "validation"]
    false, true, thresholds = roc_curve(validation["label"], validation["score"])
    assert found.operating_point.threshold == thresholds[np.argmax(true - false)]
    assert found.operating_point.rule == "Youden's index on validation"


def test_the_table_of_the_operating_point_is_counted_on_test(found: Calibrated) -> None:
    test = found.scores[found.scores["split"] == "test"]
    flagged = test["score"] >= found.operating_point.threshold
    point = found.operating_point
    assert point.tp == (flagged & (test["label"] == 1)).sum()
    assert point.fp == (flagged & (test["label"] == 0)).sum()
    assert point.tp + point.fn + point.fp + point.tn == CASES


def test_probabilities_are_calibrated_at_the_validation_prevalence(found: Calibrated) -> None:
    validation = found.scores[found.scores["split"] == "validation"]
    calibration = found.calibration
    probability = expit(calibration.a * logit(validation["score"]) + calibration.b)
    # Both score equations of the maximum likelihood are met.
    assert probability.mean() == pytest.approx(validation["label"].mean(), abs=1e-6)
    residual = ((probability - validation["label"]) * logit(validation["score"])).mean()
    assert residual == pytest.approx(0, abs=1e-6)
    # A mean of calibrated members is under-confident.
    assert calibration.a > 1


@pytest.mark.parametrize("name", ["validation", "test"])
def test_figures_carry_their_interval_their_n_and_their_method(
    found: Calibrated, name: str
) -> None:
    rows = found.scores[found.scores["split"] == name]
    cohort = found.cohorts[name]
    assert (cohort.images, cohort.patients, cohort.positives) == (CASES, CASES // 2, 160)
    auc = cohort.figures["auc"]
    assert auc.value == pytest.approx(roc_auc_score(rows["label"], rows["score"]))
    assert set(cohort.figures) == {"auc", "sensitivity", "specificity", "accuracy", "ppv", "npv"}
    assert cohort.figures["sensitivity"].n == 160
    assert cohort.figures["accuracy"].n == CASES
    for figure in cohort.figures.values():
        assert 0 <= figure.low < figure.value < figure.high <= 1
        assert figure.method


def test_a_ratio_over_nobody_is_left_out_since_a_card_holds_numbers() -> None:
    table, _ = split(3)
    scored = table.assign(label=table["mr"], score=np.linspace(0.1, 0.4, CASES))
    figures = describe(scored, threshold=0.9).figures
    assert "ppv" not in figures
    assert figures["sensitivity"].value == 0


def test_colours_reach_a_ratio_that_people_can_name(found: Calibrated) -> None:
    ratio = float(np.exp(found.evidence.limit))
    assert min(abs(ratio - nice) for nice in NICE_RATIOS) < 1e-9
    assert found.evidence.epsilon == pytest.approx(np.log(1.1))


def test_nothing_fitted_depends_on_test() -> None:
    tables, outputs = both(share=0.1)
    other = calibrate("mr", NETWORKS, tables, outputs)
    mine = calibrate("mr", NETWORKS, *both())
    assert other.members == mine.members
    assert other.calibration == mine.calibration
    assert other.prevalence == mine.prevalence
    assert other.evidence == mine.evidence
    assert other.operating_point.threshold == mine.operating_point.threshold
    assert other.cohorts["validation"] == mine.cohorts["validation"]
    assert other.cohorts["test"] != mine.cohorts["test"]


def test_a_member_that_ranks_the_wrong_way_round_is_refused_by_name() -> None:
    tables, outputs = both()
    member = outputs["validation"][1]
    outputs["validation"][1] = MemberOutputs(-member.logits, member.maps)
    with pytest.raises(
        ValueError, match=r"^Expected densenet121 to rank positives higher; found A"
    ):
        calibrate("mr", NETWORKS, tables, outputs)


def test_a_split_of_one_class_is_refused() -> None:
    tables, outputs = both()
    tables["validation"]["mr"] = 0
    with pytest.raises(ValueError, match="Expected"):
        calibrate("mr", NETWORKS, tables, outputs)


def test_a_member_is_run_over_bytes_as_shares_of_white() -> None:
    seen: list[np.ndarray] = []

    def run(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(images)
        return images.mean(axis=(1, 2, 3)), images[:, 0, :2, :2]

    stored = np.stack([np.full((4, 4), level, np.uint8) for level in (0, 51, 255)])
    outputs: MemberOutputs = run_member(run, stored)
    np.testing.assert_allclose(outputs.logits, [0, 0.2, 1], atol=1e-6)
    assert outputs.maps.shape == (3, 2, 2)
    assert {(image.shape, image.dtype.name) for image in seen} == {((1, 1, 4, 4), "float32")}


def test_the_chain_of_a_card_gives_the_scores_that_were_kept(
    found: Calibrated, toy_set, tmp_path
) -> None:
    card = toy_set(tmp_path, networks=("test_resnet", "test_efficientnet")).card
    members = tuple(
        replace(member, calibration=calibration)
        for member, calibration in zip(card.members, found.members, strict=True)
    )
    card = replace(card, members=members, calibration=found.calibration, prevalence=0.4)
    _, outputs = both()
    kept = found.scores.loc[found.scores["split"] == "test", "score"].to_numpy()
    for index in range(0, CASES, 40):
        logits = [float(member.logits[index]) for member in outputs["test"]]
        assert run_chain(card, logits).score == pytest.approx(kept[index], abs=1e-6)

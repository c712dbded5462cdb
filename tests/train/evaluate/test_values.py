"""A finding that is a value: line and interval from validation, figures on test, card and set."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from cxr_valve import cards
from cxr_valve.cards import CardError
from cxr_valve.engines.engine import open_engine
from cxr_valve.findings import LVEF
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.models.ensemble import open_ensemble
from tests.train.probed_run import SIDE, probed_run
from tests.train.small_cohort import small_cohort
from train.cohort.store import StoredCohort, load_cohort
from train.evaluate import Evaluation, MemberOutputs, calibrate_value, evaluate_run, load
from train.evaluate.atlas import load_atlas
from train.promote import promote
from train.runs import RunFolder

CASES = 300


def split(seed: int, slope: float = 0.5) -> tuple[pd.DataFrame, list[MemberOutputs]]:
    """Measured values and two members that follow them too steeply, on two grids."""
    rng = np.random.default_rng(seed)
    measured = np.clip(rng.normal(55, 10, CASES), 10, 80)
    names = [f"{seed}-{i}" for i in range(CASES)]
    table = pd.DataFrame(
        {"image": names, "patient": names, "grade": "", "sex": "F", "age": 60.0, "view": "PA",
         "target": measured}
    )  # fmt: skip
    members = []
    for cells in (3, 4):
        outputs = (measured - 55) / slope + 40 + rng.normal(0, 12, CASES)
        maps = rng.normal(0, 1, (CASES, cells, cells)).astype(np.float32)
        maps += (outputs - 3 - maps.mean(axis=(1, 2)))[:, None, None].astype(np.float32)
        members.append(MemberOutputs(outputs, maps))
    return table, members


def both(**changes: float) -> tuple[dict[str, pd.DataFrame], dict[str, list[MemberOutputs]]]:
    splits = {"validation": split(1), "test": split(2, **changes)}
    return {k: v[0] for k, v in splits.items()}, {k: v[1] for k, v in splits.items()}


def test_lines_are_least_squares_of_measured_on_predicted_values() -> None:
    tables, outputs = both()
    found = calibrate_value(LVEF, ["a", "b"], tables, outputs)
    measured = tables["validation"]["target"]
    for member, line in zip(outputs["validation"], found.members, strict=True):
        fitted = stats.linregress(member.logits, measured)
        assert (line.a, line.b) == pytest.approx((fitted.slope, fitted.intercept))
    kept = found.scores[found.scores["split"] == "validation"]
    # After the second line predictions mean what they say, on the split it was fitted on.
    again = stats.linregress(kept["score"], kept["label"])
    assert (again.slope, again.intercept) == pytest.approx((1, 0), abs=0.02)
    assert found.mean == pytest.approx(measured.mean())
    assert list(found.scores.columns)[-2:] == ["a", "b"]


def test_figures_on_test_are_those_of_other_libraries() -> None:
    found = calibrate_value(LVEF, ["a", "b"], *both())
    rows, figures = found.scores[found.scores["split"] == "test"], found.cohorts["test"].figures
    difference = rows["score"] - rows["label"]
    assert figures["mae"].value == pytest.approx(difference.abs().mean())
    assert figures["bias"].value == pytest.approx(difference.mean())
    assert figures["upper"].value == pytest.approx(difference.mean() + 1.959964 * difference.std())
    for cut in (40, 50):
        area = roc_auc_score(rows["label"] < cut, -rows["score"])
        assert figures[f"auc_below_{cut}"].value == pytest.approx(area)
    inside = (rows["label"] >= rows["score"] + found.interval.low) & (
        rows["label"] <= rows["score"] + found.interval.high
    )
    assert figures["coverage"].value == pytest.approx(inside.mean())
    assert 0.88 < inside.mean() <= 1
    assert (found.interval.level, found.interval.n) == (0.95, CASES)
    assert found.cohorts["test"].positives == 0


def test_nothing_fitted_depends_on_test() -> None:
    one = calibrate_value(LVEF, ["a", "b"], *both())
    other = calibrate_value(LVEF, ["a", "b"], *both(slope=2.0))
    assert (one.members, one.calibration, one.interval) == (
        other.members,
        other.calibration,
        other.interval,
    )
    assert one.evidence == other.evidence
    assert one.cohorts["test"] != other.cohorts["test"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda o: -o, r"^Expected b to rise with the measured value; .* Leave it out of the set"),
        (lambda o: 0 * o, "Expected b to tell three or more validation radiographs apart"),
        (lambda o: o * np.nan, r"Expected a number from b .* none for 300 of 300: its training"),
    ],
)
def test_a_member_that_says_nothing_or_the_opposite_is_named(spoil, message: str) -> None:
    tables, outputs = both()
    member = outputs["validation"][1]
    outputs["validation"][1] = MemberOutputs(spoil(member.logits), member.maps)
    with pytest.raises(ValueError, match=message):
        calibrate_value(LVEF, ["a", "b"], tables, outputs)


@pytest.fixture(scope="module")
def cohort(place: Path) -> StoredCohort:
    return spread(small_cohort(place, "lvef", patients=60))


def spread(cohort: StoredCohort) -> StoredCohort:
    """The simulator draws healthy hearts here: spread their values over what patients have."""
    table = cohort.table
    table["target"] = (20 + 3 * (table["target"] - table["target"].min())).clip(15, 75).round(1)
    table.to_csv(cohort.folder / "cohort.csv", index=False)
    return load_cohort(cohort.folder)


@pytest.fixture(scope="module")
def run(place: Path, cohort: StoredCohort) -> RunFolder:
    for seed in range(1, 20):
        run = probed_run(place / "runs", cohort, seed=seed)
        try:
            evaluate_run([run])
            return run
        except ValueError:
            continue  # these random features do not rank validation the right way round
    raise AssertionError("no random features rank the values")


@pytest.fixture(scope="module")
def found(run: RunFolder) -> Evaluation:
    return load(run.evaluation)


def test_an_evaluation_of_values_is_kept_and_reported(run: RunFolder, found: Evaluation) -> None:
    kept = json.loads((run.evaluation / "evaluation.json").read_text())
    assert (kept["kind"], kept["fitted"]["unit"]) == ("continuous", "%")
    assert kept["splits"]["test"]["figures"]["mae"]["n"] == 12
    assert len(kept["splits"]["test"]["pairs"]["measured"]) == 12
    assert all(group["small"] for group in kept["splits"]["test"]["subgroups"])
    assert sum(plate.n for plate in load_atlas(run.evaluation)) == 12
    page = (run.evaluation / "report.html").read_text()
    assert 'aria-label="Measured and predicted, test.' in page
    assert "(conformal)" in page


def test_a_promoted_set_gives_the_values_that_were_kept(
    cohort: StoredCohort, run: RunFolder, found: Evaluation
) -> None:
    folder = promote(found, "trial")
    card = cards.read_card(folder).card
    assert isinstance(card, cards.ValueCard)
    assert (card.kind, card.unit, card.cuts) == ("continuous", "%", (40.0, 50.0))
    assert card.interval == found.fitted.interval
    assert card.engine_error["openvino"].maximum < 0.01
    weights = cards.read_card(folder)
    assert weights.continuous == card
    with pytest.raises(CardError, match=r"^lvef-trial: Expected a finding that is there or not"):
        _ = weights.binary
    ensemble = open_ensemble(weights, open_engine("openvino"))
    row = cohort.split("test").iloc[0]
    radiograph = load_radiograph(cohort.file_of(row["path"]).read_bytes())
    output = ensemble.read_value({SIDE: prepare(radiograph, SIDE)})
    scores = found.fitted.scores.set_index("image")["score"]
    assert output.value.value == pytest.approx(scores[row["image"]], abs=0.3)
    assert output.value.low <= output.value.value <= output.value.high
    assert output.value.low >= 0
    assert output.value.high <= 100
    line = card.members[0].calibration
    member = output.evidence[0].mean() + card.mean
    assert output.value.members[0] == pytest.approx(float(member), abs=1e-3)
    assert line.a > 0
    with pytest.raises(TypeError, match="Expected a finding that is there or not, found a value"):
        ensemble.read({SIDE: prepare(radiograph, SIDE)})


def test_a_card_of_a_value_asks_for_its_own_fields(found: Evaluation, tmp_path: Path) -> None:
    card = cards.read_card(cards.user_root() / "lvef-trial").card
    (tmp_path / "lvef-trial").mkdir()
    cards.write_card(replace(card), tmp_path / "lvef-trial")
    file = tmp_path / "lvef-trial" / "card.json"
    kept = json.loads(file.read_text())
    file.write_text(json.dumps({k: v for k, v in kept.items() if k != "interval"}))
    with pytest.raises(CardError, match=r"card\.json: interval: Field required"):
        cards.read_card(tmp_path / "lvef-trial")
    file.write_text(json.dumps(kept | {"prevalence": 0.1}))
    with pytest.raises(CardError, match=r"prevalence: Unexpected"):
        cards.read_card(tmp_path / "lvef-trial")

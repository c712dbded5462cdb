"""The weights that ship are what their cards say."""

import re
from pathlib import Path

import pandas as pd
import pytest
import torch

from cxr_valve import cards
from cxr_valve.cards import WeightSet, read_card
from cxr_valve.evaluation.operating_point import counts_at, youden
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.findings import FINDINGS
from cxr_valve.imaging.prepare import PREPROCESSING
from cxr_valve.models.ensemble import network_source

WEIGHTS = cards.shipped_root()
FOLDERS = sorted(
    file.parent
    for file in WEIGHTS.glob("*/card.json")
    if not file.parent.name.startswith(cards.ANATOMY)
)
EXPECTED = ("mr-demonstration", "as-demonstration")
LARGEST = 50_000_000


@pytest.fixture(params=FOLDERS or [None], ids=lambda folder: folder.name if folder else "none")
def shipped(request: pytest.FixtureRequest) -> WeightSet:
    """Each shipped set in turn."""
    if request.param is None:
        pytest.skip("no weights ship with this checkout: make them with python -m train demo")
    return read_card(request.param)


@pytest.fixture
def scores(shipped: WeightSet) -> dict[str, pd.DataFrame]:
    table = pd.read_csv(shipped.scores_file(), keep_default_na=False)
    return {split: rows for split, rows in table.groupby("split")}  # noqa: C416


def test_both_findings_ship() -> None:
    if not FOLDERS:
        pytest.skip("no weights ship with this checkout: make them with python -m train demo")
    assert {folder.name for folder in FOLDERS} >= set(EXPECTED)


def test_every_file_is_the_one_the_card_describes(shipped: WeightSet) -> None:
    described = {"card.json", shipped.scores_file().name}
    for member in shipped.card.members:
        described.add(shipped.member_file(member).name)
    described |= {shipped.novelty_file().name, shipped.ranges_file().name}
    assert {file.name for file in shipped.folder.iterdir()} == described


def test_every_file_is_small_enough_to_clone(shipped: WeightSet) -> None:
    sizes = {file.name: file.stat().st_size for file in shipped.folder.iterdir()}
    assert {name: size for name, size in sizes.items() if size >= LARGEST} == {}


def test_they_say_that_they_are_simulated(shipped: WeightSet) -> None:
    assert shipped.card.simulated is True
    assert "evidence about no patient" in shipped.card.summary
    assert shipped.card.training.command == "python -m train demo --real DIR"
    assert all(source.licence for source in shipped.card.data)


def test_the_members_are_the_findings_networks_in_this_releases_preparation(shipped) -> None:
    finding = FINDINGS[shipped.card.finding]
    assert tuple(member.network for member in shipped.card.members) == finding.networks
    assert shipped.card.preprocessing == PREPROCESSING
    assert shipped.card.kind == finding.kind


def test_the_operating_point_is_youdens_and_its_table_is_counted_on_test(shipped, scores) -> None:
    point = shipped.card.operating_point
    validation, test = scores["validation"], scores["test"]
    assert point.threshold == youden(validation["label"], validation["score"])
    counts = counts_at(test["label"], test["score"], point.threshold)
    assert (counts.tp, counts.fn, counts.fp, counts.tn) == (point.tp, point.fn, point.fp, point.tn)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_scores_reproduce_the_cards_figures(shipped, scores, split: str) -> None:
    rows, cohort = scores[split], getattr(shipped.card, split)
    assert (cohort.images, cohort.patients) == (len(rows), rows["patient"].nunique())
    assert cohort.positives == rows["label"].sum()
    auc = auc_delong(rows["label"], rows["score"])
    figure = cohort.figures["auc"]
    assert (figure.value, figure.low, figure.high) == pytest.approx((auc.value, auc.low, auc.high))
    counts = counts_at(rows["label"], rows["score"], shipped.card.operating_point.threshold)
    assert cohort.figures["sensitivity"].value == pytest.approx(counts.tp / counts.positives)
    assert cohort.figures["specificity"].value == pytest.approx(counts.tn / counts.negatives)


def test_the_prevalence_is_that_of_validation(shipped, scores) -> None:
    assert shipped.card.prevalence == pytest.approx(scores["validation"]["label"].mean())


def test_the_score_is_the_mean_of_the_members(shipped, scores) -> None:
    networks = [member.network for member in shipped.card.members]
    for rows in scores.values():
        assert (rows["score"] - rows[networks].mean(axis=1)).abs().max() <= 1e-6


def test_no_patient_is_in_both_splits(scores) -> None:
    assert not set(scores["validation"]["patient"]) & set(scores["test"]["patient"])


def test_demonstration_sets_tell_cases_apart_better_than_chance_and_not_perfectly(shipped) -> None:
    auc = shipped.card.test.figures["auc"]
    assert auc.low > 0.55
    assert auc.high < 0.97


def test_engines_stay_within_their_bars(shipped: WeightSet) -> None:
    errors = shipped.card.engine_error
    assert errors["openvino"].maximum <= 1e-4
    if "openvino-fast" in errors:
        assert errors["openvino-fast"].maximum <= 0.03
        assert errors["openvino-fast"].mean <= 0.004
    assert min(error.images for error in errors.values()) >= 200


def test_ranges_are_those_of_convolutions_the_network_has(shipped: WeightSet) -> None:
    for member in shipped.card.members:
        source = network_source(shipped, member)
        names = {name for name, part in source.build().named_modules() if is_convolution(part)}
        assert source.ranges.keys() <= names
        # All but the first, which sees one channel.
        assert len(source.ranges) == len(names) - 1


def is_convolution(part: object) -> bool:
    return isinstance(part, torch.nn.Conv2d)


def test_no_card_names_a_path_of_the_machine_that_made_it(shipped: WeightSet) -> None:
    text = (shipped.folder / "card.json").read_text()
    assert not re.search(r"/(home|root|work|tmp|Users)/", text)
    assert str(Path.home()) not in text

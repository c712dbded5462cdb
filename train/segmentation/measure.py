"""What the anatomy network is worth on images that training never saw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import t

from cxr_valve.anatomy.heart_card import Borders, IntervalRule
from cxr_valve.anatomy.heart_reader import HeartReader, half_width, softness
from cxr_valve.anatomy.masks import clean_masks
from cxr_valve.anatomy.plausibility import WORDS, shape_measures
from cxr_valve.anatomy.ratio import measure_lines
from cxr_valve.cards import Figure
from cxr_valve.evaluation.intervals import clopper_pearson
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.imaging.geometry import Geometry
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.imaging.prepare import prepare
from cxr_valve.imaging.radiograph import Radiograph
from train.segmentation.data import MASK_FOLDERS, Pictures, place_mask

#: A ratio this far from the truth would be called wrong by a radiologist.
FAR = 0.04
#: Added to either side of the range seen in training, as a share of it.
MARGIN = 0.15
#: Residuals are not all softness: some of the disagreement is the reader's own.
FLOOR = 0.01
REPLICATES = 2000
BORDER_LEVELS = np.linspace(0.1, 0.9, 17)


@dataclass(frozen=True, eq=False)
class Measured:
    """Per held-out image: true and found ratio, softness, and Dice (N, 3); NaN where not found."""

    truth: NDArray[np.float64]
    found: NDArray[np.float64]
    soft: NDArray[np.float64]
    dice: NDArray[np.float64]


def usual_ranges(pictures: Pictures) -> dict[str, tuple[float, float]]:
    """Range of every measure of shape over drawn masks, widened by ``MARGIN``."""
    measures: dict[str, list[float]] = {name: [] for name in WORDS}
    for masks in pictures.masks:
        found = clean_masks(masks.astype(np.float32) / 255)
        lines = measure_lines(found)
        if lines is None:
            continue
        for name, value in shape_measures(found, lines).items():
            measures[name].append(value)
    return {name: _widened(values) for name, values in measures.items()}


def _widened(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = MARGIN * (high - low)
    return round(low - margin, 4), round(high + margin, 4)


def measure(
    reader: HeartReader, real: Path, names: Sequence[str], manifest: pd.DataFrame
) -> Measured:
    """Run the reader on images with masks; truth is the drawn ratio, else that of the masks."""
    drawn_ratio = manifest["ctr_truth"].fillna(manifest["ctr_masks"]).to_numpy(float)
    truth = dict(zip(manifest["path"], drawn_ratio, strict=True))
    rows = []
    for name in names:
        prepared = prepare(load_radiograph((real / name).read_bytes()), reader.size)
        found = reader.masks(prepared)
        drawn = drawn_masks(real, name, prepared.geometry) > 0.5
        lines = measure_lines(found)
        ratio = lines.heart_width / lines.thorax_width if lines else np.nan
        rows.append(
            (
                truth[name],
                ratio,
                softness(found, reader.card.interval.levels),
                *(dice(mask, true) for mask, true in zip(found.masks, drawn, strict=True)),
            )
        )
    values = np.array(rows, float)
    return Measured(values[:, 0], values[:, 1], values[:, 2], values[:, 3:])


def fit_borders(reader: HeartReader, real: Path, names: Sequence[str]) -> Borders:
    """The probabilities at which the widths of heart and thorax are right on average.

    ``names`` are images with drawn masks that training saw, so that those held out stay so;
    ``reader`` draws its borders at one half.
    """
    errors = []
    for name in names:
        prepared = prepare(load_radiograph((real / name).read_bytes()), reader.size)
        drawn = measure_lines(clean_masks(drawn_masks(real, name, prepared.geometry)))
        found = reader.masks(prepared)
        lines = [measure_lines(found, float(level)) for level in BORDER_LEVELS]
        if drawn is None or None in lines:
            continue
        errors.append(
            [
                [line.heart_width - drawn.heart_width, line.thorax_width - drawn.thorax_width]
                for line in lines
                if line is not None
            ]
        )
    heart, thorax = np.mean(errors, axis=0).T
    # Widths fall as the level rises, and np.interp wants its first argument to grow.
    levels = [float(np.interp(0.0, part[::-1], BORDER_LEVELS[::-1])) for part in (heart, thorax)]
    method = f"width right on average over {len(errors)} training images"
    return Borders(round(levels[0], 3), round(levels[1], 3), method)


def drawn_masks(real: Path, name: str, geometry: Geometry) -> NDArray[np.float32]:
    """The masks people drew on an image, in the network's frame: (3, S, S) in [0, 1]."""
    folder = real / Path(name).parent.parent / "mask"
    drawn = [np.asarray(Image.open(folder / part / Path(name).name)) > 127 for part in MASK_FOLDERS]
    placed = np.stack([place_mask(mask, geometry) for mask in drawn])
    return np.asarray(placed / 255, np.float32)


def dice(mask: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Dice coefficient of two masks, in [0, 1]."""
    return float(2 * (mask & truth).sum() / max(1, mask.sum() + truth.sum()))


def fit_interval(measured: Measured, levels: tuple[float, float]) -> IntervalRule:
    """Choose the factor so that 95 of 100 ratios like these fall inside.

    Residuals are taken in units of √(floor² + softness²); their root mean square times Student's
    quantile is the factor.
    """
    residual = measured.found - measured.truth
    kept = np.isfinite(residual)
    count = int(kept.sum())
    scaled = residual[kept] / np.hypot(FLOOR, measured.soft[kept])
    factor = float(t.ppf(0.975, count) * np.sqrt(np.mean(scaled**2)))
    method = (
        f"Student's t quantile times the root mean square of {count} held-out residuals, each in "
        "units of √(floor² + softness²)"
    )
    return IntervalRule(FLOOR, round(factor, 3), levels, method)


def coverage(measured: Measured, rule: IntervalRule) -> Figure:
    """Share of intervals that cover the truth, by a rule that other images gave."""
    # A ratio that could not be found counts as not covered.
    half = np.array([half_width(rule, float(soft)) for soft in measured.soft])
    covered = int((np.abs(measured.found - measured.truth) <= half).sum())
    found = clopper_pearson(covered, len(measured.truth))
    return Figure(found.value, found.low, found.high, len(measured.truth), found.method)


def left_out_coverage(measured: Measured, rule: IntervalRule) -> Figure:
    """Share of intervals that cover the truth when each is fitted without its own image."""
    covered = 0
    for index in range(len(measured.truth)):
        others = np.arange(len(measured.truth)) != index
        part = Measured(
            measured.truth[others], measured.found[others], measured.soft[others], measured.dice
        )
        half = half_width(fit_interval(part, rule.levels), float(measured.soft[index]))
        covered += bool(abs(measured.found[index] - measured.truth[index]) <= half)
    n = len(measured.truth)
    found = clopper_pearson(covered, n)
    return Figure(found.value, found.low, found.high, n, f"{found.method}, leave one out")


def figures(measured: Measured, covered: Figure) -> dict[str, Figure]:
    """The card's figures: error of the ratio, coverage of its interval, overlap of the masks."""
    error = np.abs(measured.found - measured.truth)
    n = len(error)
    # A ratio that could not be found counts as far from the truth.
    near = clopper_pearson(int((error <= FAR).sum()), n)
    found = {
        "ctr_mean_absolute_error": bootstrap_mean(error[np.isfinite(error)]),
        "ctr_within_0.04": Figure(near.value, near.low, near.high, n, near.method),
        "ctr_interval_coverage": covered,
    }
    for name, column in zip(MASK_FOLDERS, measured.dice.T, strict=True):
        found[f"dice_{name}"] = bootstrap_mean(column)
    return found


def bootstrap_mean(values: NDArray[np.float64]) -> Figure:
    """Mean with a 95% percentile interval over bootstrap replicates of the images."""
    rng = np.random.default_rng(0)
    means = rng.choice(values, (REPLICATES, len(values))).mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Figure(
        round(float(values.mean()), 5),
        round(float(low), 5),
        round(float(high), 5),
        len(values),
        f"bootstrap, {REPLICATES} replicates",
    )


def cardiomegaly_auc(
    reader: HeartReader,
    real: Path,
    manifest: pd.DataFrame,
    progress: Callable[[str], None] = lambda _: None,
) -> Figure:
    """AUC of the ratio for NIH PA images labelled Cardiomegaly against No Finding.

    An image without a ratio counts as a ratio of one half, so that it helps neither side.
    """

    def ratio(radiograph: Radiograph) -> float:
        reading = reader.read(radiograph, prepare(radiograph, reader.size))
        if reading is None:
            progress("no ratio in one of the images")
        return reading.ctr if reading else 0.5

    return large_heart_auc(ratio, real, manifest)


def large_heart_auc(
    value: Callable[[Radiograph], float], real: Path, manifest: pd.DataFrame
) -> Figure:
    """AUC of any ``value`` of a radiograph, higher where the heart is larger, on ``judged``."""
    labels, values = [], []
    for row in judged(manifest).itertuples():
        labels.append(int("Cardiomegaly" in str(row.labels)))
        values.append(value(load_radiograph((real / str(row.path)).read_bytes())))
    auc = auc_delong(labels, values)
    return Figure(auc.value, auc.low, auc.high, auc.n, auc.method)


def judged(manifest: pd.DataFrame) -> pd.DataFrame:
    """NIH PA images with a large heart among their labels, and those with no finding."""
    nih = manifest[manifest["source"].str.startswith("NIH") & (manifest["view"] == "PA")]
    large = nih["labels"].str.contains("Cardiomegaly", na=False)
    return nih[large | (nih["labels"] == "No Finding")]

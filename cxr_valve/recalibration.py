"""Validate before you retrain: the same networks with a calibration of a hospital's own.

The score is left alone, since operating points live on it and the members' evidence must keep
adding up; what changes is how a score becomes a probability, and where the threshold lies. The
new calibration is expressed at the card's own prevalence, so that reading, evidence and prior
shift work as before.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from cxr_valve import cards
from cxr_valve.cards import Card, CardError, WeightSet
from cxr_valve.evaluation.calibration import Platt, recalibrate, recalibrate_intercept, safe_logit
from cxr_valve.evaluation.checks import FloatArray, need_both_classes
from cxr_valve.evaluation.cohort import Cohort
from cxr_valve.evaluation.intervals import Estimate, clopper_pearson
from cxr_valve.evaluation.operating_point import Counts, counts_at
from cxr_valve.evaluation.roc import auc_delong
from cxr_valve.evaluation.rules import Rule, choose_threshold

Update = Literal["intercept", "slope"]
#: With fewer than this in the smaller class a slope is mostly noise (Steyerberg et al., 2004).
ENOUGH_FOR_SLOPE = 50
LEAST = 5
FOLDS = 5


@dataclass(frozen=True)
class Proposal:
    """A new calibration and operating point, not yet written.

    ``calibration`` holds at the card's own prevalence π; ``own`` is the same moved to the
    prevalence of the labelled radiographs. ``counts`` is the 2×2 table at ``threshold``; where a
    rule chose it, cross-validated by patient.
    """

    update: Update
    calibration: cards.Calibration
    own: Platt
    before: Platt
    prevalence: float
    threshold: float
    rule: str
    counts: Counts


def preferred_update(cohort: Cohort) -> Update:
    """Intercept only where the smaller class is small, slope and intercept otherwise."""
    smaller = min(cohort.positives, len(cohort) - cohort.positives)
    return "slope" if smaller >= ENOUGH_FOR_SLOPE else "intercept"


def propose(card: Card, cohort: Cohort, update: Update, rule: Rule | None = None) -> Proposal:
    """Recalibrate a card on labelled radiographs; ``rule`` None keeps the card's threshold.

    Raises:
        ValueError: fewer than five of a class, or scores that rank the wrong way round here.
    """
    need_both_classes(cohort.labels, "a recalibration")
    smaller = min(cohort.positives, len(cohort) - cohort.positives)
    if smaller < LEAST:
        raise ValueError(
            f"Expected at least {LEAST} radiographs of each class, found {smaller}: label more."
        )
    own_logit, pi_logit = (float(safe_logit(p)) for p in (cohort.prevalence, card.prevalence))
    a, b = card.calibration.a, card.calibration.b
    # The old probability where these radiographs come from, which is what must be mended.
    before = Platt(a, b - pi_logit + own_logit)
    old = before.apply(safe_logit(cohort.scores))
    fit = recalibrate if update == "slope" else recalibrate_intercept
    change = fit(old, cohort.labels)
    if change.a <= 0:
        raise ValueError(
            f"Expected higher scores in radiographs with the finding, found a slope of "
            f"{change.a:.2f}: check the labels; recalibration cannot mend a reversed score."
        )
    own = Platt(change.a * before.a, change.a * before.b + change.b)
    threshold, counts = _operating_point(card, cohort, rule)
    return Proposal(
        update=update,
        calibration=cards.Calibration(own.a, own.b - own_logit + pi_logit),
        own=own,
        before=before,
        prevalence=cohort.prevalence,
        threshold=threshold,
        rule=f"{rule} on {len(cohort)} labelled radiographs" if rule else card.operating_point.rule,
        counts=counts,
    )


def write_recalibrated(
    found: WeightSet,
    proposal: Proposal,
    cohort: Cohort,
    members: dict[str, FloatArray],
    *,
    date: str,
    origin: str,
) -> WeightSet:
    """Write the new set under the user's root, the weights linked or copied; it is not activated.

    ``members`` holds the probabilities of each member for the rows of ``cohort``, where known;
    ``origin`` says in words which files the labels came from. Rows are numbered, not named: a
    file name can identify a patient.

    Raises:
        CardError: a file of the networks fails its checksum, or the finding is a value.
    """
    root = cards.user_root()
    tag = _free_tag(root, found.binary, date)
    folder = root / f"{found.card.finding}-{tag}"
    partial = root / f".{folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for file in found.network_files():
        _link(file, partial / file.name)
    scores_table(cohort, members).to_csv(
        partial / cards.SCORES_FILE, index=False, float_format="%.6f"
    )
    card = _card(found.binary, proposal, cohort, tag, date, origin)
    digest = cards.sha256(partial / cards.SCORES_FILE)
    cards.write_card(replace(card, scores_sha256=digest), partial)
    partial.rename(folder)
    return cards.read_card(folder)


def scores_table(cohort: Cohort, members: dict[str, FloatArray]) -> pd.DataFrame:
    """scores.csv: the same rows as validation and as test, since the networks saw neither."""
    codes, _ = cohort.clusters()
    n = len(cohort)
    blank = np.full(n, "", dtype=object)
    rows = pd.DataFrame(
        {
            "image": [f"radiograph-{i + 1}" for i in range(n)],
            "patient": [f"patient-{code + 1}" for code in codes],
            "label": cohort.labels.astype(int),
            "grade": blank if cohort.grade is None else cohort.grade,
            "sex": blank if cohort.sex is None else cohort.sex,
            "age": blank if cohort.age is None else cohort.age,
            "view": blank if cohort.view is None else cohort.view,
            "score": cohort.scores,
            **members,
        }
    )
    both = [rows.assign(split=split) for split in ("validation", "test")]
    table = pd.concat(both, ignore_index=True)
    return table[["split", *rows.columns]]


def _operating_point(card: Card, cohort: Cohort, rule: Rule | None) -> tuple[float, Counts]:
    labels, scores = cohort.labels, cohort.scores
    if rule is None:
        threshold = card.operating_point.threshold
        return threshold, counts_at(labels, scores, threshold)
    threshold = choose_threshold(labels, scores, rule)
    codes, patients = cohort.clusters()
    fold = np.random.default_rng(0).permutation(patients)[codes] % FOLDS
    found = []
    for number in range(FOLDS):
        held, rest = fold == number, fold != number
        try:
            chosen = choose_threshold(labels[rest], scores[rest], rule)
        except ValueError:
            # Too few patients to leave some out: the threshold of all must do.
            chosen = threshold
        found.append(counts_at(labels[held], scores[held], chosen))
    cells = (sum(getattr(c, cell) for c in found) for cell in ("tp", "fn", "fp", "tn"))
    return threshold, Counts(*cells)


def _card(card: Card, proposal: Proposal, cohort: Cohort, tag: str, date: str, origin: str) -> Card:
    c = proposal.counts
    measured = _measured(cohort, c)
    what = "slope and intercept" if proposal.update == "slope" else "intercept"
    summary = (
        f"{card.name} with another calibration ({what}) and operating point, fitted on "
        f"{len(cohort)} labelled radiographs ({cohort.positives} positive). The networks are "
        "unchanged and saw none of them; validation and test hold the same radiographs. "
        f"{card.summary}"
    )
    return replace(
        card,
        tag=tag,
        created=date,
        summary=summary,
        calibration=proposal.calibration,
        operating_point=cards.OperatingPoint(
            proposal.threshold, proposal.rule, c.tp, c.fn, c.fp, c.tn
        ),
        validation=measured,
        test=measured,
        data=(*card.data, cards.Source("Labelled radiographs of the user", "not stated", origin)),
    )


def _measured(cohort: Cohort, c: Counts) -> cards.Cohort:
    estimates = {
        "auc": auc_delong(cohort.labels, cohort.scores),
        "sensitivity": clopper_pearson(c.tp, c.positives),
        "specificity": clopper_pearson(c.tn, c.negatives),
        "accuracy": clopper_pearson(c.tp + c.tn, c.n),
        "ppv": clopper_pearson(c.tp, c.tp + c.fp),
        "npv": clopper_pearson(c.tn, c.tn + c.fn),
    }
    figures = {name: _figure(e) for name, e in estimates.items() if e.defined}
    return cards.Cohort(len(cohort), cohort.clusters()[1], cohort.positives, figures)


def _figure(e: Estimate) -> cards.Figure:
    return cards.Figure(e.value, e.low, e.high, e.n, e.method)


def _free_tag(root: Path, card: Card, date: str) -> str:
    """``<tag>-recalibrated-<date>``, numbered where that exists."""
    base = card.tag.split("-recalibrated-")[0]
    tags = [f"{base}-recalibrated-{date}" + (f"-{i}" if i > 1 else "") for i in range(1, 100)]
    for tag in tags:
        if not (root / f"{card.finding}-{tag}").exists():
            return tag
    raise CardError(f"Expected fewer than 100 recalibrations on {date}; remove some of them.")


def _link(source: Path, target: Path) -> None:
    """A hard link where the file system can, else a copy: weights are large."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)

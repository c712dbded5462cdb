"""The heart size alone as a rival: its own scale, its own limit, tested on the same cases."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve import cards
from cxr_valve.evaluation.roc import delong_test
from cxr_valve.ui.explorer.comparison import common_cases, comparison_rows
from cxr_valve.ui.explorer.operating import operating
from cxr_valve.ui.explorer.payload import build_payload
from cxr_valve.ui.explorer.picker import weights_names
from cxr_valve.ui.explorer.state import State
from cxr_valve.ui.explorer.weights_source import score_columns, weights_descriptor, weights_source
from tests.ui.explorer.conftest import PAGE

MISSING = 7


@pytest.fixture
def measured(weights: Path) -> cards.WeightSet:
    """The MR set with a ratio for each case but the first few of the test."""
    found = cards.read_card(weights / "mr-fake")
    table = pd.read_csv(found.scores_file())
    rng = np.random.default_rng(2)
    ratios = (0.47 + 0.04 * table["label"] + rng.normal(0, 0.05, len(table))).round(4)
    first = table.index[table["split"] == "test"][:MISSING]
    table["ctr"] = ratios.astype(str).mask(table.index.isin(first), "")
    file = found.folder / cards.SCORES_FILE
    table.to_csv(file, index=False)
    card = replace(found.card, scores_sha256=cards.sha256(file))
    cards.write_card(card, found.folder)
    return cards.read_card(found.folder)


def test_the_heart_size_is_listed_beside_the_scores(measured: cards.WeightSet) -> None:
    assert score_columns(measured) == ["score", "ctr"]
    descriptor = weights_descriptor(measured.card, "test", "ctr")
    assert weights_names()[descriptor] == "MR (simulated), test: fake, heart size (CTR)"


def test_it_has_its_own_limit_and_scale_and_is_no_probability(measured: cards.WeightSet) -> None:
    source = weights_source(weights_descriptor(measured.card, "test", "ctr"))
    assert source.title == "MR, test: mr-fake, heart size (CTR)"
    assert source.own is not None
    assert (source.own.threshold, source.calibrated) == (0.5, None)
    assert f"Without the {MISSING} images in which no heart was found." in source.notes
    document = build_payload(source)
    assert document["scale"] == "Cardiothoracic ratio"
    assert (document["calibration"], document["calibrated"]) == (None, None)
    # Nothing follows the threshold: the harm ratio keeps a control of its own.
    assert not operating(source, State(follow=True)).follows


def test_it_is_tested_against_the_score_on_the_cases_that_have_both(
    measured: cards.WeightSet,
) -> None:
    score, ratio = (
        weights_source(weights_descriptor(measured.card, "test", column))
        for column in ("score", "ctr")
    )
    common = common_cases(score, ratio)
    assert common is not None
    assert len(common[0]) == 400 - MISSING
    expected = delong_test(common[0].labels, common[0].scores, common[1].scores)
    rows = comparison_rows(score, 0.4, ratio, 0.5)
    assert rows[0].startswith(
        f"The same {400 - MISSING} cases, {MISSING} that only one of them scores left out: paired"
    )
    auc = next(row for row in rows if row.startswith("AUC"))
    assert f"**{expected.difference.value:+.3f}**".replace("-", "−") in auc
    assert auc.endswith("(DeLong, paired)")


def test_the_page_compares_a_network_with_the_heart_size(measured: cards.WeightSet) -> None:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params["src"] = weights_descriptor(measured.card, "test")
    app.query_params["src2"] = weights_descriptor(measured.card, "test", "ctr")
    app.run()
    assert not app.exception
    said = "\n".join(element.value for element in app.markdown)
    assert re.search(r"AUC: A − B = .*DeLong, paired", said)

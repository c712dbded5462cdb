"""A finding that is a value: read with its interval, printed, exported, reported, drawn."""

import csv
import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cxr_valve import active, cards
from cxr_valve.__main__ import main
from cxr_valve.imaging.load import load_radiograph
from cxr_valve.reading.reader import open_reader
from cxr_valve.reading.reading import ValueReading
from cxr_valve.reading.report import Report, html_report
from cxr_valve.reading.value_words import context, headline, interval, meaning, members
from cxr_valve.ui.value_card import value_html

FIGURES = {
    "mae": cards.Figure(5.2, 4.6, 5.8, 120, "t"),
    "auc_below_40": cards.Figure(0.81, 0.7, 0.9, 120, "DeLong"),
}


@pytest.fixture
def value_set(tmp_path: Path, toy_set, shipped: Path, monkeypatch: pytest.MonkeyPatch):
    """Two random networks that say an ejection fraction, around 55%."""
    root = tmp_path / "own"
    monkeypatch.setenv(cards.ROOT_VARIABLE, str(root))
    toy = toy_set(root, "lvef", networks=("test_resnet", "test_efficientnet"), size=96)
    common = {
        name: value
        for name, value in vars(toy.card).items()
        if name in cards.CommonCard.__dataclass_fields__
    }
    first, second = (
        cards.Member(**(asdict(m) | {"calibration": cards.Calibration(2.0, 55.0)}))
        for m in toy.card.members
    )
    second = cards.Member(**(asdict(second) | {"name": "second"}))
    cohort = cards.Cohort(120, 120, 0, FIGURES)
    card = cards.ValueCard(
        kind="continuous",
        unit="%",
        mean=56.0,
        calibration=cards.Calibration(1.1, -5.0),
        interval=cards.ValueInterval(-12.0, 13.0, 0.95, 120),
        cuts=(40.0, 50.0),
        **(common | {"members": (first, second), "validation": cohort, "test": cohort}),
    )
    cards.write_card(card, toy.folder)
    return cards.read_card(toy.folder)


def test_a_value_stands_beside_findings_with_its_interval(value_set, png: bytes) -> None:
    reading = open_reader().read_bytes(png, read_anyway=True)
    assert set(reading.findings) == {"mr", "as"}
    found = reading.values["lvef"]
    assert list(reading.everything) == ["mr", "as", "lvef"]
    assert (found.high - found.low, found.level) == (pytest.approx(25), 0.95)
    mean = np.mean([member.value for member in found.members])
    assert found.value == pytest.approx(1.1 * mean - 5, abs=1e-6)
    assert [member.network for member in found.members] == ["test_resnet", "second"]
    for member in found.members:
        # Evidence counts in percent from the mean.
        assert member.evidence.mean() + 56 == pytest.approx(member.value, abs=1e-3)


def test_the_command_line_prints_and_exports_it(
    value_set, png: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(png)
    table, lines, evidence = (tmp_path / name for name in ("t.csv", "r.jsonl", "evidence"))
    main(
        ["read", str(file), "--read-anyway", "--csv", str(table), "--json", str(lines),
         "--evidence", str(evidence)]
    )  # fmt: skip
    assert re.search(r"LVEF +note", capsys.readouterr().out)
    record = json.loads(lines.read_text())["findings"]["lvef"]
    assert set(record) == {
        "value", "low", "high", "level", "unit", "members", "weights", "simulated", "novelty",
    }  # fmt: skip
    assert record["low"] < record["value"] < record["high"]
    assert record["weights"] == "lvef-toy"
    (row,) = csv.DictReader(table.open())
    assert float(row["findings.lvef.value"]) == record["value"]
    assert float(row["findings.lvef.members.second"]) == record["members"]["second"]
    geometry = json.loads((evidence / "a.png" / "geometry.json").read_text())["lvef"]
    assert geometry["unit"] == "% per cell, from a mean of 56.0"


def a_value(value: float, low: float, high: float, card: cards.ValueCard) -> ValueReading:
    return ValueReading(
        "lvef", value, low, high, 0.95, "%", 56.0, (40.0, 50.0), (), np.zeros((1, 1), np.float32),
        card.evidence, "lvef-toy", True,
    )  # fmt: skip


def test_words_say_what_the_interval_allows(value_set) -> None:
    card = value_set.continuous
    low = a_value(30.2, 18.2, 39.0, card)
    assert (headline(low), interval(low)) == ("30%", "18–39%")
    assert "holds the measured value of 95% of simulated patients read as 30%" in context(low, card)
    assert "On test it was off by 5.2% (4.6–5.8, n 120) on average." in meaning(low, card)
    assert "LVEF below 40%: yes, with the whole interval (AUC 0.81, 0.70–0.90, n 120)." in meaning(
        low, card
    )
    between = meaning(a_value(45.0, 33.0, 58.0, card), card)
    assert "LVEF below 40%: rather not, but the interval crosses it" in between
    assert "LVEF below 50%: rather yes, but the interval crosses it." in between
    assert "LVEF below 50%: no, with the whole interval." in meaning(
        a_value(66.0, 54.0, 79.0, card), card
    )
    assert members(low) == ""


def test_report_and_card_show_the_number_and_say_what_it_is_of(value_set, png: bytes) -> None:
    reading = open_reader().read_bytes(png, read_anyway=True)
    found, card = reading.values["lvef"], value_set.continuous
    lines = dict.fromkeys(reading.everything, ("words",))
    page = html_report(Report("case", reading, load_radiograph(png), lines))
    assert "Left ventricular ejection fraction</h2>" in page
    assert "orange raised the value, blue lowered it" in page
    scores = pd.DataFrame({"label": [35.0, 50.0, 61.0, 70.0]})
    drawn = value_html(found, card, scores)
    assert f'<b class="big">{headline(found)}</b>' in drawn
    assert 'data-finding="lvef"' in drawn
    assert "of 4 held-out patients had a lower measured value" in drawn
    assert "trained on simulated patients" in drawn


def test_a_value_is_activated_and_reverted_like_any_finding(value_set) -> None:
    assert active.activate("lvef-toy").continuous.unit == "%"
    assert active.active_sets()["lvef"].card.name == "lvef-toy"

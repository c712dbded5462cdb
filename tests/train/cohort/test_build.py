"""From an export to a cohort on disk: pairing, proof, privacy, adequacy, drawing, command."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from cxr_valve.engines.engine import CACHE_VARIABLE
from tests.train.cohort.exports import made
from train.__main__ import main
from train.cohort.adapters import read_source
from train.cohort.build import build, draft, look_at, tables_key
from train.cohort.card import CohortError
from train.cohort.diagram import flow_svg, flow_text
from train.cohort.rules import CohortRules
from train.cohort.store import load_cohort, write_cohort
from train.simulate.export import export_hospital
from train.simulate.plan import ExportPlan


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = ExportPlan(patients=60, seed=3, side=80, structures=True)
    return export_hospital(plan, tmp_path_factory.mktemp("hospital") / "export", processes=1)


# ---------------------------------------------------------------------------------- pairing


# ---------------------------------------------------------------------------- from simulation


def test_a_simulated_hospital_becomes_a_cohort_with_its_truth(
    hospital: Path, tmp_path: Path
) -> None:
    rules = CohortRules(str(hospital), finding="mr", truth="truth.csv")
    seen: list[tuple[int, int]] = []
    cohort = build(
        rules,
        tmp_path / "mr",
        lambda *done: seen.append(done),
        cache=tmp_path / "seen",
        processes=1,
    )
    assert load_cohort(tmp_path / "mr").card == cohort.card
    assert cohort.card.simulated
    assert cohort.card.proof.holds
    assert cohort.card.flow[-1].images == len(cohort.table)
    assert seen[-1][0] == seen[-1][1]
    truth = pd.read_csv(hospital / "truth.csv").set_index("file")
    expected = truth.loc[cohort.table["path"], "aux_la"].to_numpy()
    assert cohort.table["aux_la"].to_numpy() == pytest.approx(expected, rel=1e-4)
    structures = cohort.structures()
    assert structures is not None
    assert len(structures) == len(cohort.table)
    assert all(cohort.file_of(path).is_file() for path in cohort.table["path"])
    again: list[tuple[int, int]] = []
    build(rules, tmp_path / "mr", lambda *done: again.append(done), cache=tmp_path / "seen")
    assert again == []


def test_no_id_of_the_hospital_is_written_or_shown(
    hospital: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    ids = set(pd.read_csv(hospital / "radiographs.csv", dtype=str)["patient_id"].dropna())
    out = tmp_path / "mr"
    assert main(["cohort", "--export", str(hospital), "--finding", "mr", "--out", str(out)]) == 0
    shown = capsys.readouterr()
    told = shown.out + shown.err
    written = "".join(
        (out / name).read_text() for name in ("cohort.csv", "cohort.json", "flow.svg")
    )
    assert not [name for name in ids if name in written or name in told]
    assert load_cohort(out).table["patient"].str.fullmatch(r"p\d{5}").all()
    assert "grade severe" in told
    for said in ("Simulated radiographs: evidence about no patient", "Radiographs kept:", "In two"):
        assert said in told


def test_another_seed_gives_other_pseudonyms_and_another_split(hospital: Path) -> None:
    one, two = (made(hospital, seed=seed).set_index("path").sort_index() for seed in (1, 2))
    assert (one["patient"] != two["patient"]).mean() > 0.5
    assert not one["split"].equals(two["split"])


def test_a_draft_without_a_look_says_so(hospital: Path) -> None:
    rules = CohortRules(str(hospital))
    card = draft(read_source(rules), rules).card
    assert not card.proof.hashed
    words = {step.step: step.text for step in card.flow}
    assert "images not looked at yet" in words["unreadable"]
    assert {step.step: step.images for step in card.flow}["unreadable"] == 0


def test_rules_that_change_no_table_need_no_second_reading() -> None:
    rules = CohortRules("x")
    assert tables_key(rules) == tables_key(CohortRules("x", finding="as", window_days=9, seed=4))
    assert tables_key(rules) != tables_key(CohortRules("x", timezone="Europe/Zurich"))
    nervus = [CohortRules("x", adapter="nervus", finding=key) for key in ("mr", "as")]
    assert tables_key(nervus[0]) != tables_key(nervus[1])


# ------------------------------------------------------------------------------------- images


# ---------------------------------------------------------------------- adequacy and drawing


def test_the_flow_is_drawn_and_told_alike(hospital: Path) -> None:
    rules = CohortRules(str(hospital), finding="lvef")
    source = read_source(rules)
    card = draft(source, rules, look_at(source, cache=None, processes=1)).card
    text, svg = flow_text(card), flow_svg(card)
    drawing = ElementTree.fromstring(svg)
    assert drawing.get("role") == "img"
    drawn = " ".join(
        "".join(node.itertext()) for node in drawing.iter() if node.tag.endswith("text")
    )
    for step in card.flow:
        count = f"{step.images:,} radiographs, {step.patients:,} patients"
        assert f"{step.text}: {count}" in text
        assert count in drawn or step.images == 0
    assert "mean" in text


# ------------------------------------------------------------------------------------ command


def test_a_dry_run_writes_nothing_and_wrong_use_is_told(
    hospital: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = ["cohort", "--export", str(hospital), "--finding"]
    assert main([*export, "as", "--positive-from", "moderate", "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert "aortic stenosis moderate or worse" in told
    assert "images not looked at yet" in told
    for options, code, message in (
        (["mr"], 2, "expected --out OUT, or --dry-run"),
        (["tr", "--dry-run"], 1, "finding: expected one of mr, as, lvef"),
        (["mr", "--dry-run", "--ratios", "8:2"], 1, "ratios: expected three numbers such as 8:1:1"),
        (["mr", "--dry-run", "--column", "mr"], 1, "column: expected TABLE.ROLE=NAME"),
        (["mr", "--dry-run", "--images", "/"], 1, "images: expected a path below the source"),
    ):
        assert main([*export, *options]) == code
        assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("no folder")
    assert main([*export, "mr", "--out", str(tmp_path / "file" / "mr")]) == 1
    assert "expected a folder that can be written, found: File exists" in capsys.readouterr().err


# ------------------------------------------------------------------------------ another's split


def test_a_cohort_follows_the_split_of_another_patient_by_patient(
    hospital: Path, tmp_path: Path
) -> None:
    first = build(CohortRules(str(hospital), finding="mr"), tmp_path / "mr", cache=None)
    rules = CohortRules(str(hospital), finding="as", split_of=str(first.folder), seed=5)
    second = build(rules, tmp_path / "as", cache=None)
    both = first.table.merge(second.table, on="path", suffixes=("_mr", "_as"))
    assert len(both) > 40
    assert (both["split_mr"] == both["split_as"]).all()
    # Patients that only the second has are split as well, and nobody is in two.
    assert set(second.table["split"]) <= {"train", "validation", "test"}
    assert second.card.proof.patients_in_two_splits == 0


def test_another_export_has_no_split_to_follow(hospital: Path, tmp_path: Path) -> None:
    plan = ExportPlan(patients=12, seed=4, side=80)
    other = export_hospital(plan, tmp_path / "other", processes=1)
    cohort = build(CohortRules(str(other)), tmp_path / "cohort", cache=None)
    table = cohort.table.assign(path=[f"elsewhere/{name}" for name in cohort.table["image"]])
    renamed = write_cohort(cohort.card, table, tmp_path / "renamed")
    with pytest.raises(CohortError, match="split_of: expected a cohort of the same export"):
        made(hospital, split_of=str(renamed.folder))


def test_two_splits_to_follow_are_refused() -> None:
    with pytest.raises(CohortError, match="split, split_of: expected the table's own split or"):
        CohortRules("here", split="given", split_of="there")


def test_a_stop_half_way_keeps_what_was_looked_at_out_of_the_cohort_folder(
    hospital: Path, tmp_path: Path
) -> None:
    class Stopped(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise Stopped

    with pytest.raises(Stopped):
        build(CohortRules(str(hospital)), tmp_path / "mr", stop, cache=None, processes=1)
    assert not (tmp_path / "mr").exists()

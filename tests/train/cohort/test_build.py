"""From an export to a cohort on disk: pairing, proof, privacy, adequacy, drawing, command."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pandas as pd
import pytest

from tests.train.cohort.exports import exam, picture, shot, write_export
from train.__main__ import main
from train.cohort.adapters import read_source
from train.cohort.adequacy import judge
from train.cohort.build import build, draft, look_at, tables_key
from train.cohort.card import CohortError, SplitSummary
from train.cohort.diagram import flow_svg, flow_text
from train.cohort.images import look
from train.cohort.rules import CohortRules
from train.cohort.store import load_cohort, write_cohort
from train.cohort.targets import target_of
from train.simulate.export import export_hospital
from train.simulate.plan import ExportPlan


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = ExportPlan(patients=60, seed=3, side=80, structures=True)
    return export_hospital(plan, tmp_path_factory.mktemp("hospital") / "export", processes=1)


def made(folder: Path, **rules: object) -> pd.DataFrame:
    chosen = CohortRules(str(folder), **rules)
    return draft(read_source(chosen), chosen).table


# ---------------------------------------------------------------------------------- pairing


def three(folder: Path, exams: list[dict[str, object]], **others: object) -> Path:
    """One patient of interest, H1, beside three that make a cohort possible."""
    rest = [f"H{at}" for at in (7, 8, 9)]
    shots = [shot("H1", "1.png", **others), *(shot(name, f"{name}.png") for name in rest)]
    return write_export(
        folder, shots, [*exams, *(exam(name, mr="none", **{"as": "none"}) for name in rest)]
    )


@pytest.mark.parametrize(
    ("pairing", "grade", "days"),
    [("nearest", "severe", -2), ("first", "none", -20), ("all", "severe", -2)],
)
def test_the_rule_says_which_exam_counts(
    tmp_path: Path, pairing: str, grade: str, days: int
) -> None:
    exams = [
        exam("H1", "2018-02-12", "none"),
        exam("H1", "2018-03-02", "severe"),
        exam("H1", "2018-03-06", "mild"),  # as near as the one before: the earlier counts
        exam("H1", "2018-05-01", "moderate"),  # outside
        exam("H1", "2018-03-04", ""),  # the nearest of all, without a grade
    ]
    table = made(three(tmp_path / "x", exams), pairing=pairing).set_index("path")
    assert (table.loc["1.png", "grade"], table.loc["1.png", "days"]) == (grade, days)


def test_the_window_is_counted_in_calendar_days_and_includes_its_edge(tmp_path: Path) -> None:
    folder = three(tmp_path / "x", [exam("H1", "2018-04-03 00:01")], taken="2018-03-04 23:59")
    assert "1.png" in made(folder, window_days=30)["path"].tolist()
    assert "1.png" not in made(folder, window_days=29)["path"].tolist()


def test_a_prosthesis_stays_and_only_its_own_valve_counts(tmp_path: Path) -> None:
    columns = {"mitral_prosthesis": "yes", "as": "mild", "lvef": 55}
    exams = [exam("H1", "2017-01-01", "", **columns), exam("H1", mr="mild", **{"as": "mild"})]
    folder = three(tmp_path / "x", exams)
    assert "1.png" not in made(folder)["path"].tolist()
    assert "1.png" in made(folder, exclude_prosthesis=False)["path"].tolist()
    assert "1.png" in made(folder, finding="as")["path"].tolist()


def test_a_finding_that_no_exam_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"finding: expected one that the exams hold \(as, mr\)"):
        made(three(tmp_path / "x", [exam("H1")]), finding="lvef")


def test_all_exams_of_a_value_give_its_mean_and_grade(tmp_path: Path) -> None:
    exams = [exam("H1", "2018-03-02", lvef=30), exam("H1", "2018-03-20", lvef="40-50%")]
    folder = three(tmp_path / "x", exams)
    table = pd.read_csv(folder / "echoes.csv", dtype=str, keep_default_na=False)
    table.loc[table["lvef"] == "", "lvef"] = ["60", "61", "62"]
    table.to_csv(folder / "echoes.csv", index=False)
    found = made(folder, finding="lvef", pairing="all").set_index("path").loc["1.png"]
    assert (found["target"], found["grade"]) == (37.5, "reduced")
    assert made(folder, finding="lvef").set_index("path").loc["1.png", "target"] == 30


def test_ids_that_never_match_are_told_apart_from_a_narrow_window(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "x", [shot("0001", "a.png")], [exam("1")])
    with pytest.raises(CohortError, match=r"1 of 1 left at “No echo exam .* compare how both"):
        made(folder)


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
    # The index of images is kept below the working folder.
    monkeypatch.chdir(tmp_path)
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


def test_looking_names_what_is_wrong_with_a_file_and_stays_inside(tmp_path: Path) -> None:
    root = tmp_path / "images"
    root.mkdir()
    (tmp_path / "secret.png").write_bytes(picture(1))
    (root / "a.png").write_bytes(picture(1))
    (root / "b.png").write_bytes(picture(1))
    (root / "cut.png").write_bytes(picture(2)[:60])
    (root / "note.txt").write_text("hello there")
    paths = ["a.png", "b.png", "cut.png", "note.txt", "none.png", "../secret.png", "bad\0.png"]
    seen = look(paths, root, cache=None, processes=1)
    assert seen.loc["a.png", "pixels"] == seen.loc["b.png", "pixels"] != ""
    reasons = seen["reason"].tolist()
    assert reasons[:2] == ["", ""]
    assert reasons[2] == "a PNG picture that breaks off"
    assert reasons[3:6] == ["a text file", "no such file", "outside the folder of the images"]
    assert reasons[6] == "a path that cannot be read"
    assert (seen["pixels"][2:] == "").all()


def test_a_picture_that_stands_for_many_patients_joins_nobody(tmp_path: Path) -> None:
    people = [f"H{at}" for at in range(12)]
    shots = [shot(name, f"{name}.png") for name in people]
    shots += [shot(name, f"{name}-none.png") for name in people]
    pictures = {f"{name}.png": picture(at) for at, name in enumerate(people)}
    pictures |= {f"{name}-none.png": picture(99) for name in people}
    folder = write_export(tmp_path / "x", shots, [exam(name) for name in people], pictures)
    rules = CohortRules(str(folder))
    source = read_source(rules)
    card = draft(source, rules, look_at(source, cache=None, processes=1)).card
    flow = {step.step: step for step in card.flow}
    assert (flow["unreadable"].images, flow["kept"].images, flow["kept"].patients) == (12, 12, 12)
    assert flow["unreadable"].reasons == {"a picture that stands for many patients": 12}
    assert card.proof.joined_ids == 0


def test_a_changed_file_is_looked_at_again_and_a_damaged_cache_forgotten(tmp_path: Path) -> None:
    root, cache = tmp_path / "images", tmp_path / "cache"
    root.mkdir()
    (root / "a.png").write_bytes(picture(1))
    first = look(["a.png"], root, cache=cache).loc["a.png", "pixels"]
    (root / "a.png").write_bytes(picture(2, side=13))
    second = look(["a.png"], root, cache=cache).loc["a.png", "pixels"]
    assert first != second
    next(cache.glob("*.csv")).write_text("damaged")
    assert look(["a.png"], root, cache=cache).loc["a.png", "pixels"] == second


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


# ---------------------------------------------------------------------- adequacy and drawing


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

"""The path to a run: folder, cohort, recipe, start; on a small simulated export."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.training.steps import html, labels, opened, press
from train import control
from train.plan import cohort_folder, opened as opened_rules
from train.runs import all_runs, find_run
from train.simulate.export import export_hospital
from train.simulate.plan import ExportPlan


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports") / "hospital"
    return export_hospital(ExportPlan(100, side=80, structures=True), folder, processes=1)


@pytest.fixture
def page(export: Path, runs_root: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A new run is begun; the server opens the folder of exports."""
    monkeypatch.setenv("CXR_VALVE_DATA", str(export.parent))
    return begin()


def begin() -> AppTest:
    page = opened()
    page.segmented_control(key="training_view").set_value("New run").run()
    assert not page.exception
    return page


@pytest.fixture
def name(export: Path) -> str:
    """How people name the export's folder."""
    return f"{export.parent.name}/hospital"


def choose(page: AppTest, name: str) -> AppTest:
    page.text_input(key="training_folder").set_value(name).run()
    assert not page.exception
    return page


def kept(page: AppTest) -> int:
    """Radiographs kept, as the flow diagram says."""
    said = html(page)
    return int(said.split("<b>Kept</b> ")[1].split(" ")[0].replace(",", ""))


def test_it_begins_with_the_folders_of_the_server(page: AppTest, export: Path) -> None:
    assert {export.parent.name, "runs"} <= set(labels(page))
    press(page, export.parent.name)
    press(page, "hospital")
    assert page.radio[0].options[0] == "Hospital tables"
    # Folders of images may be named after patients.
    assert "images" not in labels(page)
    assert "radiographs.csv" in html(page)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("../..", "found .. in"), ("/etc", "found a folder outside"), ("nowhere", "found 'nowhere'")],
)
def test_other_folders_are_refused_by_name(page: AppTest, typed: str, said: str) -> None:
    choose(page, typed)
    assert said in page.error[0].value
    assert page.button[-1].disabled


def test_the_flow_follows_the_rules(page: AppTest, name: str) -> None:
    press(choose(page, name), "Next: Cohort")
    said = html(page)
    assert "No echo exam within ±30 days" in said
    assert "0 patients in two splits" in said
    before = kept(page)
    page.slider[0].set_value(10).run()
    assert "within ±10 days" in html(page)
    assert kept(page) < before
    assert any("An AUC of 0.80" in item.value for item in page.markdown)
    # The hospital's ids are nowhere on the page.
    ids = set(pd.read_csv(Path(name_of(page)) / "radiographs.csv")["patient_id"].astype(str))
    text = said + "".join(str(item.value) for item in [*page.markdown, *page.caption])
    assert not [id for id in ids if len(id) > 4 and id in text]


def name_of(page: AppTest) -> str:
    return opened_rules(page.session_state["training_draft"].rules).source


def test_another_finding_brings_its_grades_and_recipe(page: AppTest, name: str) -> None:
    press(choose(page, name), "Next: Cohort")
    page.selectbox(key="rule-finding").set_value("as").run()
    assert page.selectbox(key="rule-positive_from").options == [
        f"{grade} or worse" for grade in ("mild", "moderate", "severe")
    ]
    page.selectbox(key="rule-finding").set_value("lvef").run()
    assert not [box for box in page.selectbox if box.label == "Positive from"]
    press(page, "Next: Recipe")
    assert page.session_state["training_draft"].preset == "lvef"
    assert "--finding lvef" in page.code[0].value


def test_a_recipe_that_contradicts_itself_goes_no_further(page: AppTest, name: str) -> None:
    press(press(choose(page, name), "Next: Cohort"), "Next: Recipe")
    page.segmented_control(key="training_preset").set_value("study-mr").run()
    next(box for box in page.number_input if box.label == "Epochs").set_value(3).run()
    assert "early_stopping, epochs: expected a patience below 3" in page.error[0].value
    assert next(b for b in page.button if b.label == "Next: Run").disabled


def test_a_run_is_started_with_what_was_chosen(
    page: AppTest, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = []
    # Ray is the edge: what a run does there is tested with a real one.
    monkeypatch.setattr(control, "submit", handed.append)
    press(press(choose(page, name), "Next: Cohort"), "Next: Recipe")
    page.segmented_control(key="training_preset").set_value("demo").run()
    next(box for box in page.number_input if box.label == "Epochs").set_value(2).run()
    press(page, "Next: Run")
    shown = page.code[0].value
    assert "train fit" in shown
    assert "--preset demo --epochs 2" in shown
    assert "about" in html(page)
    press(page, "Start the run")
    (folder,) = all_runs()
    request = find_run(folder.id).request()
    assert request.recipe["epochs"] == 2
    assert request.rules["truth"] == "truth.csv"
    assert request.cohort in request.command
    assert page.subheader[0].value == f"MR · MR from {name}"
    assert [item.id for item in handed] == [folder.id]


def test_runs_of_the_same_rules_share_a_cohort(
    page: AppTest, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    press(choose(page, name), "Next: Cohort")
    rules = opened_rules(page.session_state["training_draft"].rules)
    assert cohort_folder(rules) == cohort_folder(rules)
    page.slider[0].set_value(10).run()
    changed = opened_rules(page.session_state["training_draft"].rules)
    assert cohort_folder(changed) != cohort_folder(rules)


def test_a_table_that_cannot_be_read_is_named(
    runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data" / "bad"
    folder.mkdir()
    (folder / "radiographs.csv").write_text("patient,file\n1,a.png\n")
    (folder / "echoes.csv").write_text("patient,date,mr\n1,2018-01-01,mild\n")
    page = press(choose(begin(), "data/bad"), "Next: Cohort")
    assert "radiographs.csv" in page.error[0].value
    assert "taken" in page.error[0].value
    assert next(b for b in page.button if b.label == "Next: Recipe").disabled


def test_splits_without_positives_cannot_be_trained(runs_root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "healthy"
    folder.mkdir()
    people = range(40)
    rows = "".join(f"{n},{n}.png,2018-01-0{n % 9 + 1}\n" for n in people)
    (folder / "radiographs.csv").write_text("patient,file,taken\n" + rows)
    exams = "".join(f"{n},2018-01-05,none\n" for n in people)
    (folder / "echoes.csv").write_text("patient,date,mr\n" + exams)
    page = press(choose(begin(), "data/healthy"), "Next: Cohort")
    assert "need radiographs with and without the finding" in page.error[0].value
    assert next(b for b in page.button if b.label == "Next: Recipe").disabled


def test_a_folder_without_tables_teaches_what_can_be_read(runs_root: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "empty").mkdir()
    page = choose(begin(), "data/empty")
    assert "No table in this folder" in page.info[0].value
    assert "mimic-cxr-2.0.0-metadata.csv.gz" in html(page)

"""The page from outside: every source and every edge, without a browser."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve.ui.explorer import session
from tests.ui.explorer.steps import PAGE, ROOT, address, fine, page, words


def test_opens_on_the_active_weights_and_says_they_are_simulated(weights: Path) -> None:
    app = page()
    fine(app)
    assert "evidence about nobody" in words(app)
    assert address(app, "src").startswith("weights:mr-fake:test:score:")


@pytest.mark.parametrize("split", ["test", "validation"])
@pytest.mark.parametrize("column", ["score", "resnet50"])
def test_every_split_and_member(weights: Path, split: str, column: str) -> None:
    app = page(src=f"weights:as-fake:{split}:{column}")
    fine(app)
    assert address(app, "src") == f"weights:as-fake:{split}:{column}"


def test_without_weights_the_study_is_shown(no_weights: None) -> None:
    app = page()
    fine(app)
    assert address(app, "src") == "study:mr"


def test_no_weights_said_in_words(no_weights: None) -> None:
    app = page(src="weights:")
    assert not app.exception
    assert "No weights are installed" in words(app)


def test_link_to_weights_that_are_not_here(weights: Path) -> None:
    app = page(src="weights:mr-elsewhere:test:score")
    assert not app.exception
    assert "found no such set" in words(app)


def test_link_to_another_version_of_the_weights(weights: Path) -> None:
    app = page(src="weights:mr-fake:test:score:00000000")
    assert "another version of these weights" in words(app)


def test_damaged_scores_are_refused(weights: Path) -> None:
    with (weights / "mr-fake" / "scores.csv").open("a") as stream:
        stream.write("test,x,x,1,mild,F,60,PA,0.5,0.5\n")
    assert "Expected checksum" in words(page(src="weights:mr-fake:test:score"))


@pytest.mark.parametrize("key", ["mr", "as-validation", "as-test"])
def test_study_is_labelled_a_model(no_weights: None, key: str) -> None:
    app = page(src=f"study:{key}")
    fine(app)
    assert "binormal model" in words(app)


def test_validation_of_as_shows_both_areas(no_weights: None) -> None:
    assert "closest, drawn here, has AUC 0.829" in words(page(src="study:as-validation"))


@pytest.mark.parametrize("counts", ["88,18,294,665", "0,0,10,20", "5,0,0,5", "0,0,0,0", "1,0,0,0"])
def test_typed_tables(no_weights: None, counts: str) -> None:
    fine(page(src=f"table:{counts}:as"))


def test_a_broken_table_in_a_link(no_weights: None) -> None:
    assert "Expected four whole numbers" in words(page(src="table:1,2,x:as"))


@pytest.mark.parametrize("cell", ["tp", "tn"])
def test_typing_a_table_changes_the_address(no_weights: None, cell: str) -> None:
    app = page(src="table:88,18,294,665:as")
    app.number_input(key=f"explorer_{cell}").set_value(7).run()
    fine(app)
    assert "7" in address(app, "src").split(":")[1].split(",")


def test_choosing_a_kind_and_a_row(no_weights: None) -> None:
    app = page(src="table:1,2,3,4:as")
    app.segmented_control(key="explorer_kind").set_value("study").run()
    fine(app)
    app.selectbox(key="explorer_pick").select("study:as-test").run()
    assert address(app, "src") == "study:as-test"


@pytest.mark.parametrize(
    ("p", "t"), [("0.0001", "0"), ("0.0001", "1"), ("0.99", "0.5"), ("x", "y")]
)
def test_extreme_and_broken_parameters(weights: Path, p: str, t: str) -> None:
    fine(page(src="weights:mr-fake:test:score", p=p, t=t, rule="manual", src2="same", mix="1,a"))


@pytest.mark.parametrize(
    "second",
    [
        "same",
        "study:mr",
        "table:5,5,5,5:mr",
        "weights:mr-fake:validation:score",
        "weights:gone:test",
    ],
)
def test_comparisons(weights: Path, second: str) -> None:
    app = page(src="weights:mr-fake:test:score", src2=second)
    fine(app)
    assert ("A against B" in words(app)) is (second != "weights:gone:test")


def test_members_are_compared_paired(weights: Path) -> None:
    app = page(src="weights:as-fake:test:score", src2="weights:as-fake:test:resnet50")
    assert "DeLong, paired" in words(app)


def test_splits_are_compared_unpaired(weights: Path) -> None:
    app = page(src="weights:as-fake:test:score", src2="weights:as-fake:validation:score")
    assert "DeLong, unpaired" in words(app)


def test_arriving_from_a_reading(weights: Path) -> None:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.session_state[session.PATIENT] = {"finding": "as", "score": 0.63}
    app.run()
    fine(app)
    assert address(app, "x") == "0.63"
    assert "but" not in app.query_params
    assert address(app, "src").startswith("weights:as-fake:test")


def test_what_a_reading_said_against_itself_arrives_with_it(weights: Path) -> None:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    doubts = ("refused", "unlike")
    app.session_state[session.PATIENT] = {"finding": "as", "score": 0.63, "doubts": doubts}
    app.run()
    fine(app)
    assert address(app, "but") == "refused,unlike"


@pytest.mark.parametrize("rule", ["own", "youden", "sensitivity=0.9", "cost"])
def test_resampling_waits_until_somebody_looks(weights: Path, rule: str) -> None:
    query = {"src": "weights:mr-fake:test:score", "rule": rule, "p": "0.017"}
    assert "replicates" not in words(page(**query))
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.session_state["explorer_bootstrap"] = True
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    fine(app)
    assert "2,000 replicates of 200 patients" in words(app)
    assert ("in 95% of resamples" in words(app)) is (rule != "own")


def test_the_page_needs_neither_torch_nor_openvino() -> None:
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        f"app = AppTest.from_file({str(PAGE)!r}, default_timeout=60)\n"
        "app.query_params['src'] = 'study:mr'\napp.run()\nassert not app.exception\n"
        "found = {'torch', 'openvino', 'torchvision', 'timm'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

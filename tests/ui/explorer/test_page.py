"""The page from outside: every source and every edge, without a browser."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from cxr_valve.ui.explorer import session
from cxr_valve.ui.explorer.file_source import FileChoice, StoredFile, first_choice

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "pages" / "explore" / "thresholds.py"


def page(file: StoredFile | None = None, **query: str) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    if file is not None:
        app.session_state[session.FILES] = {file.digest: file}
    return app.run()


def address(app: AppTest, name: str) -> str:
    value = app.query_params[name]
    return value if isinstance(value, str) else value[0]


def words(app: AppTest) -> str:
    found = [*app.caption, *app.markdown, *app.info, *app.error, *app.warning]
    return "\n".join(str(element.value) for element in found)


def shown(app: AppTest) -> bool:
    """Whether the charts were mounted."""
    return any(node.type == "bidi_component" for node in _nodes(app._tree))


def _nodes(block):
    for child in getattr(block, "children", {}).values():
        yield child
        yield from _nodes(child)


def fine(app: AppTest) -> None:
    assert not app.exception, app.exception
    assert shown(app)


def table(rows: str) -> StoredFile:
    return StoredFile("scores.csv", ("patient,label,score,grade\n" + rows).encode())


def of_file(rows: str) -> AppTest:
    file = table(rows)
    return page(file, src=first_choice(file).descriptor)


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


def test_a_file_is_shown_with_its_columns_guessed(no_weights: None) -> None:
    rows = "".join(f"{i},{i % 2},{0.3 + 0.1 * (i % 5) + 0.15 * (i % 2):.2f},\n" for i in range(60))
    fine(of_file(rows))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("a,1,.5,\nb,1,.6,\nc,1,.7,\n", "All 3 cases are positive"),
        ("a,0,.5,\nb,0,.6,\nc,0,.7,\n", "All 3 cases are negative"),
        ("a,0,.5,\nb,1,.5,\nc,1,.5,\n", "in the smaller class"),
        ("a,0,.2,\nb,1,.5,\nc,1,.9,\n", "in the smaller class"),
        ("a,0,0,\nb,1,1,\nc,1,0.4,\n", "in the smaller class"),
    ],
    ids=["positives only", "negatives only", "all tied", "n = 3", "scores 0 and 1"],
)
def test_edge_states_are_shown(no_weights: None, rows: str, said: str) -> None:
    app = of_file(rows)
    fine(app)
    assert said in words(app)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "at least one row"),
        ("a,1,1.5,\n", "Row 2, column 'score'"),
        ("a,maybe,.5,\n", "Row 2, column 'label'"),
        ("a,1,nan,\n", "Row 2, column 'score'"),
        ("=1+1,1,.5,\nb,0,.2,\n", "Row 2, column 'patient'"),
    ],
)
def test_errors_of_a_file_name_row_and_column(no_weights: None, rows: str, said: str) -> None:
    app = of_file(rows)
    assert not app.exception
    assert said in words(app)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04zip", b"label,score\n1,\xff\xfe\n", b"a\n1\n"]
)
def test_files_that_are_no_tables(no_weights: None, content: bytes) -> None:
    file = StoredFile("x.csv", content)
    app = page(file, src=first_choice(file).descriptor)
    assert not app.exception
    assert app.error


def test_a_link_to_a_file_asks_for_it(no_weights: None) -> None:
    app = page(src=FileChoice("ab" * 32).descriptor, p="0.017", t="0.5", rule="manual")
    assert not app.exception
    assert "abababababab…" in words(app)
    assert address(app, "p") == "0.017"


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
    assert address(app, "src").startswith("weights:as-fake:test")


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

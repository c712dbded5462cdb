"""A researcher's own table on the explorer's page: shown, or refused with row and column."""

import pytest

from cxr_valve.ui.explorer.file_source import FileChoice, StoredFile, first_choice
from tests.ui.explorer.steps import address, fine, of_file, page, words


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

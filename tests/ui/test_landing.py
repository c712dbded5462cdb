"""The pictures of the simulated cases are simulated once, and again when they would differ."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cxr_valve.engines.engine import CACHE_VARIABLE
from cxr_valve.ui import landing


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "engines"))
    # One case is as good as twelve here.
    monkeypatch.setattr(landing, "CASES", landing.CASES[:1])
    yield tmp_path / "engines" / "gallery"
    landing._pictures.clear()


def fresh() -> str:
    """What a new start of the dashboard would show."""
    landing._pictures.clear()
    return landing._pictures()


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("simulated again")

    monkeypatch.setattr(landing, "simulate", fail)


def test_a_later_start_shows_the_same_pictures_without_simulating(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fresh()
    assert first.startswith("<style>.st-key-gallery-1 button")
    assert "data:image/jpeg;base64," in first
    assert [file.suffix for file in cache.iterdir()] == [".css"]
    forbid(monkeypatch)
    assert fresh() == first


def test_other_cases_or_another_phantom_are_simulated_anew(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    monkeypatch.setattr(landing, "SIDE", 96)
    fresh()
    assert len(list(cache.iterdir())) == 2
    (tmp_path / "__init__.py").write_text("another phantom")
    monkeypatch.setattr(landing.phantom, "__file__", str(tmp_path / "__init__.py"))
    fresh()
    assert len(list(cache.iterdir())) == 3


def test_where_nothing_can_be_kept_they_are_shown_all_the_same(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    assert fresh() == fresh() != ""


def test_damaged_pictures_are_simulated_anew(cache: Path) -> None:
    first = fresh()
    (file,) = cache.iterdir()
    file.write_bytes(b"\xff\xfe\xff")
    assert fresh() == first == file.read_text()

"""A look at the pixels: what is wrong with a file, and whose picture it is."""

from pathlib import Path

from tests.train.cohort.exports import exam, picture, shot, write_export
from train.cohort.adapters import read_source
from train.cohort.build import draft, look_at
from train.cohort.images import look
from train.cohort.rules import CohortRules


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

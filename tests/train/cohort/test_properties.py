"""Generated exports: nothing crosses a split, each exclusion counts once, the flow sums.

What each radiograph should come to is worked out a second time, row by row and by other means.
"""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import event, given, settings, strategies as st

from tests.train.cohort.generated import GRADES, VIEWS, Echo, Shot, exports, write
from train.cohort.adapters import read_source
from train.cohort.build import draft, look_at
from train.cohort.card import CohortError
from train.cohort.flow import STEPS
from train.cohort.rules import CohortRules


def label(shot: Shot, echoes: list[Echo], window: int, pairing: str) -> tuple[str, int | None]:
    """(step at which it leaves so far or "", place of its grade)."""
    day = shot.taken.day
    if not shot.patient or day is None:
        return "unusable", None
    own = [e for e in echoes if e.patient == shot.patient and e.date.day is not None]
    near = [e for e in own if abs((e.date.day - day).days) <= window]
    if not near:
        return "no_exam", None
    graded = [e for e in near if e.grade in GRADES]
    if not graded:
        return "no_grade", None

    def rank(echo: Echo) -> int:
        return GRADES.index(echo.grade)

    if pairing == "all":
        counted, place = near, max(map(rank, graded))
    else:
        distance = {
            "nearest": lambda e: (abs((e.date.day - day).days), e.date.day, -rank(e)),
            "first": lambda e: (e.date.day, -rank(e)),
        }[pairing]
        best = min(graded, key=distance)
        counted, place = [best], rank(best)
    since = [e for e in own if e.prosthesis and e.date.day <= day]
    if since or any(e.prosthesis for e in counted):
        return "prosthesis", None
    if VIEWS[shot.view]:
        return "lateral", None
    if shot.fate != "whole":
        return "unreadable", None
    return "", place


def expected_steps(shots: list[Shot], echoes: list[Echo], window: int, pairing: str) -> list[str]:
    """The step at which each radiograph leaves, "kept" for the rest."""
    labelled = [label(shot, echoes, window, pairing) for shot in shots]
    targets: dict[int, set[bool]] = {}
    for shot, (step, place) in zip(shots, labelled, strict=True):
        if step == "":
            targets.setdefault(shot.content, set()).add(place >= 2)
    steps, seen = [], set()
    for shot, (step, _) in zip(shots, labelled, strict=True):
        if step == "" and len(targets[shot.content]) > 1:
            step = "conflict"
        elif step == "" and shot.content in seen:
            step = "duplicate"
        elif step == "":
            seen.add(shot.content)
        steps.append(step or "kept")
    return steps


def expected_persons(shots: list[Shot]) -> list[int]:
    """A number for each row; ids that share an image get one, by merging until nothing changes."""
    found = list(range(len(shots)))
    changed = True
    while changed:
        changed = False
        for a, one in enumerate(shots):
            for b, other in enumerate(shots):
                same = bool(one.patient) and one.patient == other.patient
                whole = one.fate == other.fate == "whole"
                if (same or (whole and one.content == other.content)) and found[a] != found[b]:
                    found[a] = found[b] = min(found[a], found[b])
                    changed = True
    return found


@settings(max_examples=80)
@given(
    export=exports(),
    window=st.sampled_from((0, 7, 30)),
    pairing=st.sampled_from(("nearest", "first", "all")),
    seed=st.integers(0, 5),
)
def test_nothing_crosses_every_exclusion_counts_once_and_the_flow_sums(
    export: tuple[list[Shot], list[Echo]], window: int, pairing: str, seed: int
) -> None:
    shots, echoes = export
    steps = expected_steps(shots, echoes, window, pairing)
    persons = expected_persons(shots)
    kept = [at for at, step in enumerate(steps) if step == "kept"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, shots, echoes)
        rules = CohortRules(str(folder), window_days=window, pairing=pairing, seed=seed)
        source = read_source(rules)
        index = look_at(source, cache=None, processes=1)
        if len({persons[at] for at in kept}) < 3:
            with pytest.raises(CohortError, match="at least"):
                draft(source, rules, index)
            return
        made = draft(source, rules, index)
    event("a cohort was made")
    counts, flow = Counter(steps), {step.step: step for step in made.card.flow}
    assert {name: flow[name].images for name in (*STEPS, "kept")} == {
        name: counts[name] for name in (*STEPS, "kept")
    }
    assert flow["listed"].images == len(shots) == sum(flow[n].images for n in (*STEPS, "kept"))
    assert flow["listed"].patients == len(set(persons))
    assert flow["listed"].patients == sum(flow[n].patients for n in (*STEPS, "kept"))
    # What is kept, and with which label.
    rows = {int(row.path.removesuffix(".png")): row for row in made.table.itertuples()}
    assert sorted(rows) == kept
    for at, row in rows.items():
        place = label(shots[at], echoes, window, pairing)[1]
        assert (row.target, row.grade) == (float(place >= 2), GRADES[place])
    # Neither a patient, nor an id, nor a picture lies in two splits.
    for group in (
        {at: persons[at] for at in kept},
        {at: shots[at].patient for at in kept},
        {at: shots[at].content for at in kept},
    ):
        places: dict[object, set[str]] = {}
        for at, key in group.items():
            places.setdefault(key, set()).add(rows[at].split)
        assert all(len(names) == 1 for names in places.values())
    assert made.card.proof.holds
    assert made.card.proof.hashed
    assert {row.split for row in rows.values()} == {"train", "validation", "test"}


@settings(max_examples=15)
@given(export=exports(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_label_count_or_split(
    export: tuple[list[Shot], list[Echo]], order
) -> None:
    shots, echoes = export

    def outcome(shots: list[Shot], echoes: list[Echo]) -> object:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            write(folder, shots, echoes)
            rules = CohortRules(str(folder))
            source = read_source(rules)
            try:
                made = draft(source, rules, look_at(source, cache=None, processes=1))
            except CohortError:
                return None
        counts = [(step.step, step.images) for step in made.card.flow]
        return counts, sorted(zip(made.table["patient"], made.table["target"], strict=True))

    # Of equal pictures the first row stays, and a row without an id is known by its number: both
    # depend on the order, so every picture is another one here and every row has an id.
    distinct = [
        Shot(s.patient or "H0", s.taken, 100 + at, s.view, s.fate) for at, s in enumerate(shots)
    ]
    before = outcome(distinct, echoes)
    order.shuffle(distinct)
    order.shuffle(echoes)
    assert outcome(distinct, echoes) == before

"""Borders and letters: black or white outside the field, letters within it."""

import numpy as np
import pytest

from cxr_valve.phantom.borders import Border, draw_border, draw_letters, sample_border

SIDE, PIXEL_MM = 200, 2.0
OPEN = (-400.0, -400.0, -400.0, -400.0)


def middle_grey() -> np.ndarray:
    return np.full((SIDE, SIDE), 0.5, np.float32)


def test_an_open_field_is_left_as_it_is() -> None:
    grey = middle_grey()
    draw_border(grey, Border(OPEN, 2.0, white=False), PIXEL_MM)
    assert (grey == 0.5).all()


@pytest.mark.parametrize(("white", "outside"), [(False, 0.0), (True, 1.0)])
def test_a_collimated_edge_is_black_or_white_up_to_its_depth(white: bool, outside: float) -> None:
    grey = middle_grey()
    draw_border(grey, Border((20.0, -400.0, -400.0, -400.0), 0.0, white), PIXEL_MM)
    assert (grey[:, :9] == outside).all()
    assert (grey[:, 11:] == 0.5).all()


def test_a_leaning_edge_cuts_more_at_one_end() -> None:
    grey = middle_grey()
    draw_border(grey, Border((20.0, -400.0, -400.0, -400.0), 2.0, white=False), PIXEL_MM)
    cut = (grey == 0).sum(axis=1)
    assert abs(int(cut[0]) - int(cut[-1])) >= 5


def test_some_fields_are_collimated_and_the_border_stays_narrow() -> None:
    drawn = [sample_border(np.random.default_rng(seed), 400.0) for seed in range(600)]
    shown = [border for border in drawn if max(border.edges) > 0]
    assert 0.2 < len(shown) / len(drawn) < 0.35
    assert 0 < sum(border.white for border in shown) < len(shown) / 2
    assert max(max(border.edges) for border in shown) <= 0.07 * 400


def letters(projection, seed: int) -> np.ndarray:
    grey = middle_grey()
    rng = np.random.default_rng(seed)
    draw_letters(grey, Border(OPEN, 0.0, white=False), PIXEL_MM, projection, rng)
    return grey


def test_letters_are_small_bright_and_near_the_upper_edge() -> None:
    inked = 0
    for seed in range(30):
        grey = letters("PA", seed)
        changed = np.argwhere(grey != 0.5)
        if changed.size:
            inked += 1
            assert grey.max() > 0.5
            assert changed[:, 0].max() < 0.25 * SIDE
            assert len(changed) < 0.02 * SIDE**2
    assert inked > 20


def test_bedside_pictures_bear_words_too() -> None:
    inked = [
        np.mean([(letters(view, seed) != 0.5).sum() for seed in range(40)]) for view in ("AP", "PA")
    ]
    assert inked[0] > 1.3 * inked[1]

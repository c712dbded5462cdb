"""What is varied depends on seed, epoch and index only, and moves images and truth together."""

import numpy as np
import torch

from train.fit.augmentation import DRAWS, Augmenter, Variation, draw_numbers

CPU = torch.device("cpu")
SIDE = 80


def variation(draws: dict[int, float], tone: bool = False) -> Variation:
    """A variation of one image that is neutral but for the draws given by number."""
    values = torch.full((1, DRAWS), 0.5)
    values[0, 7] = 0.0
    for number, value in draws.items():
        values[0, number] = value
    return Variation(values, tone, torch.ones(2 * SIDE, 2 * SIDE))


def centre(grid: torch.Tensor) -> np.ndarray:
    """Centre of mass in shares of the side."""
    rows, columns = np.mgrid[0 : grid.shape[0], 0 : grid.shape[1]] + 0.5
    weight = grid.numpy()
    return np.array([(weight * rows).sum(), (weight * columns).sum()]) / weight.sum() / len(weight)


def test_draws_depend_on_seed_epoch_and_index_only() -> None:
    alone = draw_numbers(3, 1, [5])
    np.testing.assert_array_equal(draw_numbers(3, 1, [9, 5, 2])[1], alone[0])
    assert alone.shape == (1, DRAWS)
    for other in (draw_numbers(4, 1, [5]), draw_numbers(3, 2, [5]), draw_numbers(3, 1, [6])):
        assert np.abs(other - alone).max() > 0.1


def test_an_image_varies_alike_alone_and_in_a_batch() -> None:
    images = torch.rand(3, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    augmenter = Augmenter("standard", 7, SIDE, CPU)
    together = augmenter.draw(2, np.array([4, 8, 6]))
    alone = augmenter.draw(2, np.array([8]))
    assert together is not None
    assert alone is not None
    found = together.image(images.clone())[1]
    torch.testing.assert_close(alone.image(images[1:2].clone())[0], found, atol=1e-6, rtol=0)


def test_none_varies_nothing_and_light_leaves_the_tone() -> None:
    assert Augmenter("none", 7, SIDE, CPU).draw(0, np.array([1])) is None
    light = Augmenter("light", 7, SIDE, CPU).draw(0, np.array([1]))
    assert light is not None
    grey = light.image(torch.full((1, 1, SIDE, SIDE), 0.4))[0, 0]
    torch.testing.assert_close(grey[20:60, 20:60], torch.full((40, 40), 0.4))


def test_neutral_draws_change_nothing() -> None:
    image = torch.rand(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(variation({}).image(image.clone()), image, atol=1e-5, rtol=0)


def test_image_and_structures_move_together() -> None:
    image, grid = torch.zeros(1, 1, SIDE, SIDE), torch.zeros(1, 2, 20, 20)
    image[0, 0, 40:44, 20:24] = 1
    grid[0, :, 10, 5] = 1
    moved = variation({0: 1.0, 1: 0.0, 2: 1.0})
    found = moved.image(image.clone())[0, 0]
    np.testing.assert_allclose(centre(found), centre(moved.grid(grid)[0, 0]), atol=0.01)
    assert np.abs(centre(found) - centre(image[0, 0])).max() > 0.03


def test_the_largest_pose_is_small_and_never_a_mirror() -> None:
    image = torch.zeros(1, 1, SIDE, SIDE)
    image[..., : SIDE // 4] = 1
    for corner in range(16):
        draws = {number: float(corner >> number & 1) for number in range(4)}
        found = variation(draws).image(image.clone())[0, 0]
        assert found[10:-10, 8:12].mean() > 0.9
        assert found[10:-10, SIDE // 2 :].abs().max() == 0


def test_tone_stays_between_black_and_white_and_keeps_the_order_of_greys() -> None:
    ramp = torch.linspace(0, 1, SIDE).expand(1, 1, SIDE, SIDE)
    for seed in range(20):
        varied = Augmenter("standard", seed, SIDE, CPU).draw(0, np.array([seed]))
        assert varied is not None
        found = varied.image(ramp.clone())[0, 0, 8:-8]
        assert 0 <= found.min() <= found.max() <= 1
        assert found[:, 60:70].mean() > found[:, 10:20].mean() + 0.3

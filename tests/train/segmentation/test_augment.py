import pytest
import torch

from cxr_valve.anatomy.masks import clean_masks
from tests.anatomy.chest import DrawnChest
from train.segmentation.augment import augment

BATCH = 6


@pytest.fixture(scope="module")
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Bright hearts and dark lungs on grey."""
    masks = torch.from_numpy(DrawnChest().probabilities())
    image = (0.5 + 0.3 * masks[:1] - 0.4 * masks[1:2] - 0.4 * masks[2:]).clamp(0, 1)
    return image.repeat(BATCH, 1, 1, 1), masks.repeat(BATCH, 1, 1, 1)


def test_the_seed_alone_decides(batch) -> None:
    one, two = augment(*batch, 64, 5), augment(*batch, 64, 5)
    other = augment(*batch, 64, 6)
    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])
    assert not torch.allclose(one[0], other[0], atol=0.05)


def test_images_stay_in_range_and_differ_from_each_other(batch) -> None:
    images, masks = augment(*batch, 64, 1)
    assert images.shape == (BATCH, 1, 64, 64)
    assert masks.shape == (BATCH, 3, 64, 64)
    for values in (images, masks):
        assert 0 <= float(values.min()) <= float(values.max()) <= 1
    assert len({round(float(image.mean()), 4) for image in images}) == BATCH


def test_the_input_is_left_as_it_was(batch) -> None:
    image, masks = batch[0].clone(), batch[1].clone()
    augment(image, masks, 64, 2)
    assert torch.equal(image, batch[0])
    assert torch.equal(masks, batch[1])


def test_the_lung_on_the_left_of_the_image_stays_the_right_lung_even_in_a_mirror(batch) -> None:
    for seed in range(8):
        for masks in augment(*batch, 64, seed)[1].numpy():
            found = clean_masks(masks).masks
            if found[1].any() and found[2].any():
                assert found[1].nonzero()[1].mean() < found[2].nonzero()[1].mean()

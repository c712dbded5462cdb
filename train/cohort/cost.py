"""Expected time and disk of training on a cohort, before anything is trained."""

from typing import Any

from train.presets import PRESETS
from train.recipe import Recipe

#: Radiographs a second of training, measured on two cores in bfloat16, and the side they had.
MEASURED = {"resnet50": (19.0, 224), "densenet121": (17.0, 224), "inception_v3": (13.5, 299)}
#: Weights in millions.
MILLIONS = {"resnet50": 23.5, "densenet121": 7.0, "inception_v3": 21.8}
#: A checkpoint keeps weights and both moments of AdamW in float32.
CHECKPOINT_BYTES, SHIPPED_BYTES = 12, 2
MACHINE = "two cores in bfloat16"


def expected_cost(train: int, validation: int, total: int) -> dict[str, Any]:
    """Hours and bytes for each recipe preset, given radiographs in train, validation and all."""
    return {
        "machine": MACHINE,
        "presets": {
            name: {
                "hours": hours(recipe, train, validation),
                "disk_bytes": disk(recipe, total),
                "networks": list(recipe.networks),
                "epochs": recipe.epochs,
            }
            for name, recipe in PRESETS.items()
        },
    }


def hours(recipe: Recipe, train: int, validation: int) -> float:
    """Hours of training all members one after the other; a network not measured counts as ResNet50.

    Cost grows with the area of the input; validation, forward only, costs a third.
    """
    seconds = 0.0
    for network in recipe.networks:
        rate, side = MEASURED.get(network, MEASURED["resnet50"])
        speed = rate * (side / recipe.size_of(network)) ** 2
        seconds += recipe.epochs * (train + validation / 3) / speed
    return seconds / 3600


def disk(recipe: Recipe, total: int) -> int:
    """Bytes of prepared images, checkpoints and weights."""
    images = sum(total * side * side for side in recipe.sizes)
    weights = sum(MILLIONS.get(network, 25.0) for network in recipe.networks) * 1e6
    return int(images + weights * (CHECKPOINT_BYTES + SHIPPED_BYTES))

"""A recipe is refused by the names of the fields that contradict each other."""

import json
from dataclasses import replace

import pytest

from train.presets import PRESET_NOTES, PRESETS
from train.recipe import Recipe, RecipeError, recipe_from_json


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"networks": ()}, r"^networks: expected at least one; found none"),
        ({"networks": ("resnet18", "resnet18")}, r"^networks: expected each once"),
        ({"input_size": (96, 128)}, r"^input_size, networks: .* each of 1 networks; found 2"),
        ({"input_size": 63}, r"^input_size: expected 64 px or more; found 63"),
        ({"epochs": 0}, r"^epochs: expected 1 or more; found 0"),
        ({"batch": 1}, r"^batch: expected 2 or more; found 1"),
        ({"rate": 0.0}, r"^rate: expected a number above 0; found 0"),
        ({"rate": float("nan")}, r"^rate: expected a number above 0; found nan"),
        ({"warmup": 1.0}, r"^warmup: expected 0 or more and below 1; found 1"),
        ({"ema": 1.0}, r"^ema: expected 0 or more and below 1; found 1"),
        ({"schedule": "step"}, r"^schedule: expected cosine, constant; found 'step'"),
        ({"augmentation": "wild"}, r"^augmentation: expected none, light, standard; found 'wild'"),
        ({"balance": "loss"}, r"^balance: expected none, weight, sampler; found 'loss'"),
        ({"precision": "16"}, r"^precision: expected auto, 32, bf16; found '16'"),
        ({"epochs": 5, "early_stopping": 5}, r"^early_stopping, epochs: .* could never act"),
        ({"batch": 9, "workers": 2}, r"^batch, workers: expected a batch that 2 workers share"),
        ({"batch": 4, "workers": 4}, r"^batch, workers, freeze_batch_norm: expected 2 radiographs"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused_by_name(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        replace(Recipe(), **change)


def test_frozen_batch_normalisation_lifts_the_limit_of_two_radiographs_a_worker() -> None:
    assert Recipe(batch=4, workers=4, freeze_batch_norm=True).batch == 4


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_json_and_says_what_it_is_for(name: str) -> None:
    recipe = PRESETS[name]
    assert recipe_from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    assert len(PRESET_NOTES[name]) > 20


def test_the_study_presets_train_the_networks_of_the_study() -> None:
    assert PRESETS["study-mr"].networks == ("resnet50",)
    ensemble = PRESETS["study-as"]
    sizes = {network: ensemble.size_of(network) for network in ensemble.networks}
    assert sizes == {"inception_v3": 299, "resnet50": 224, "densenet121": 224}
    assert ensemble.sizes == (224, 299)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"learning_rate": 1}, r"^learning_rate: expected the fields of a recipe"),
        ({"epochs": "many"}, r"^epochs: .*found 'many'"),
        ({"epochs": 0}, r"^epochs: expected 1 or more; found 0"),
    ],
)
def test_json_that_is_no_recipe_is_refused_by_name(found: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        recipe_from_json(found)


@pytest.mark.parametrize("network", ["test_convnext", "mobilenetv3_small_050", "no_such_network"])
def test_a_network_whose_map_would_not_be_exact_is_refused_by_name(network: str) -> None:
    with pytest.raises(RecipeError, match=rf"^networks: .* one linear layer .* '{network}'"):
        Recipe(networks=(network,), input_size=96).check_networks()


def test_networks_that_end_in_pooling_and_one_layer_pass() -> None:
    Recipe(networks=("test_resnet", "resnet10t"), input_size=(80, 96)).check_networks()

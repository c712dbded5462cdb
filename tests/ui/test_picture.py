"""What the viewer is given of a case: whose view of the image it shows."""

from types import SimpleNamespace

import pytest

from cxr_valve.ui.picture import _largest_input


def reading(**networks: int) -> SimpleNamespace:
    members = [
        SimpleNamespace(network=name, geometry=SimpleNamespace(size=size))
        for name, size in networks.items()
    ]
    return SimpleNamespace(everything={"mr": SimpleNamespace(members=members)})


@pytest.mark.parametrize(
    ("networks", "size", "who"),
    [
        ({"resnet50": 192}, 192, "the network"),
        ({"resnet50": 224, "densenet121": 224}, 224, "the network"),
        ({"resnet50": 192, "inception_v3": 224}, 224, "InceptionV3"),
        (
            {"resnet50": 192, "inception_v3": 224, "densenet121": 224},
            224,
            "InceptionV3 and DenseNet121",
        ),
    ],
)
def test_the_largest_input_is_shown_under_the_name_of_the_network_that_saw_it(
    networks: dict[str, int], size: int, who: str
) -> None:
    assert _largest_input(reading(**networks)) == (size, who)  # type: ignore[arg-type]


def test_an_image_that_no_network_read_is_shown_as_one_would_see_it() -> None:
    assert _largest_input(None) == (224, "the network")

"""Ready-made recipes, and what each is for."""

from train.recipe import Recipe

#: Ready-made recipes, by the name the command line and the page offer them under.
PRESETS: dict[str, Recipe] = {
    "demo": Recipe(
        networks=("resnet10t",),
        input_size=128,
        epochs=8,
        batch=16,
        measure_weight=2.0,
        locate_weight=10.0,
    ),
    "study-mr": Recipe(
        networks=("resnet50",), rate=3e-4, epochs=20, early_stopping=5, pretrained=True
    ),
    "study-as": Recipe(
        networks=("inception_v3", "resnet50", "densenet121"),
        input_size=(299, 224, 224),
        rate=3e-4,
        epochs=20,
        early_stopping=5,
        balance="weight",
        pretrained=True,
    ),
    "lvef": Recipe(networks=("resnet50",), rate=3e-4, epochs=20, early_stopping=5, pretrained=True),
}

#: What each preset is for.
PRESET_NOTES: dict[str, str] = {
    "demo": "A small network on a simulated cohort: minutes on two cores. Shows how it works.",
    "study-mr": "The study's network for mitral regurgitation: one ResNet50, from ImageNet.",
    "study-as": (
        "The study's ensemble for aortic stenosis: InceptionV3, ResNet50 and DenseNet121, from "
        "ImageNet, positives weighed up."
    ),
    "lvef": "Left ventricular ejection fraction as a number: one ResNet50, from ImageNet.",
}

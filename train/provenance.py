"""Where weights come from: what a card says of the cohort, the recipe and the data."""

from dataclasses import dataclass

from cxr_valve import cards
from train.cohort.store import StoredCohort
from train.cohort_check import unchecked
from train.evaluate import Evaluation
from train.recipe import Recipe, recipe_from_json


@dataclass(frozen=True)
class Provenance:
    """What the card says of where the weights come from."""

    tag: str
    created: str
    summary: str
    simulated: bool
    training: cards.Training
    data: tuple[cards.Source, ...]


def provenance_of(evaluation: Evaluation, cohort: StoredCohort, tag: str) -> Provenance:
    """What the card of the promoted members says; ``tag`` names the set.

    Raises:
        RunError: the request of one of the evaluated runs is missing or damaged.
    """
    card = cohort.card
    train = cohort.split("train")
    trained = ", ".join(evaluation.names)
    summary = f"Trained here on the cohort {cohort.folder.name}: {trained}."
    if card.simulated:
        summary = (
            f"{summary} Its radiographs are simulated: these weights show how the system works and "
            "are evidence about no patient."
        )
    said = [text for text in map(unchecked, evaluation.folders) if text]
    # By the folder's name, as members are: a request keeps the id it was made with.
    requests = {run.id: run.request() for run in evaluation.folders}
    recipes = {id: recipe_from_json(request.recipe) for id, request in requests.items()}
    return Provenance(
        tag=tag,
        created=evaluation.created[:10],
        summary=" ".join([summary, *said]),
        simulated=card.simulated,
        training=cards.Training(
            cohort=f"{cohort.folder.name} ({card.source}): {card.note}".strip(": "),
            label_rule=card.label_rule,
            images=len(train),
            patients=int(train["patient"].nunique()),
            positives=int((train["target"] == 1).sum()) if card.kind == "binary" else 0,
            command="\n".join(request.command for request in requests.values()),
            recipe={
                member.label: describe_recipe(recipes[member.run], member.network)
                for member in evaluation.members
            },
        ),
        data=(cards.Source(card.source, _licence(card.simulated), card.note or "not stated"),),
    )


def _licence(simulated: bool) -> str:
    return "Apache-2.0" if simulated else "that of the data’s owner"


def describe_recipe(recipe: Recipe, network: str, begin: str = "random weights") -> str:
    """One line on how a member was trained; ``begin`` is what it began with, unless pretrained."""
    if recipe.pretrained:
        begin = "ImageNet weights"
    begun = "of the classifier alone" if recipe.freeze_features else f"from {begin}"
    parts = [
        f"{recipe.size_of(network)} px, at most {recipe.epochs} epochs {begun}",
        f"batch {recipe.batch}, AdamW {recipe.rate:g} {recipe.schedule}",
        f"augmentation {recipe.augmentation}, balance {recipe.balance}, seed {recipe.seed}",
    ]
    if recipe.ema:
        parts.append(f"averaged weights {recipe.ema:g}")
    if recipe.measure_weight or recipe.locate_weight:
        parts.append("true sizes and places as auxiliary targets")
    if recipe.contain_weight:
        parts.append("evidence kept to the finding's true structures")
    return ", ".join(parts)

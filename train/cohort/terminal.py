"""A cohort's card in the terminal."""

from rich.console import Console
from rich.table import Table

from train.cohort.card import CohortCard
from train.cohort.diagram import flow_text


def show(card: CohortCard, out: Console) -> None:
    """Print flow, splits, adequacy, cost and warnings."""
    if card.simulated:
        out.print("Simulated radiographs: evidence about no patient.\n")
    out.print(f"Positive: {card.label_rule}" if card.kind == "binary" else card.label_rule)
    out.print(flow_text(card), markup=False)
    out.print(_split_table(card))
    proof = card.proof
    looked = "images compared by their pixels" if proof.hashed else "images not compared yet"
    out.print(
        f"\nIn two splits: {proof.patients_in_two_splits} patients, {proof.images_in_two_splits} "
        f"images ({looked}; {proof.joined_ids} ids share an image with another)."
    )
    for check in card.adequacy["checks"]:
        out.print(f"{'✓' if check['enough'] else '!'} {check['sentence']}", markup=False)
    cost = card.adequacy["cost"]
    for name, preset in cost["presets"].items():
        hours = preset["hours"]
        time = f"{hours:.1f} hours" if hours >= 1 else f"{max(1, round(hours * 60))} minutes"
        size = f"{preset['disk_bytes'] / 1e9:.2g} GB"
        out.print(f"Recipe {name}: about {time} on {cost['machine']}, {size}.")
    for warning in card.warnings:
        out.print(f"note: {warning}", markup=False)


def _split_table(card: CohortCard) -> Table:
    """Age, sex, views and severity of each split."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for name in card.splits:
        table.add_column(name, justify="right")
    splits = list(card.splits.values())
    ages = [f"{s.age_mean:.1f} ({s.age_sd or 0:.1f})" if s.age_mean else "–" for s in splits]
    table.add_row("age, mean (SD)", *ages)
    women = ["–" if s.female_share is None else f"{s.female_share:.0%}" for s in splits]
    table.add_row("women", *women)
    for told, field in (("view", "views"), ("grade", "grades")):
        for key in dict.fromkeys(key for s in splits for key in getattr(s, field)):
            counts = [getattr(s, field).get(key, 0) for s in splits]
            cells = (
                f"{n:,} ({n / (s.images or 1):.0%})" for n, s in zip(counts, splits, strict=True)
            )
            table.add_row(f"{told} {key}", *cells)
    return table

"""Loss and validation curves of one run, or of several overlaid."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from cxr_valve.ui.finding_card import network_name

#: Okabe-Ito without the hues of the findings.
GREY = "#999999"
COLOURS = ("#56b4e9", "#e69f00", "#d55e00", "#0072b2", GREY)
DASHES = ("solid", "dash", "dot", "dashdot")
QUALITY = {"validation_auc": "Validation AUC", "validation_mae": "Validation mean absolute error"}


def show_curves(tables: Mapping[str, pd.DataFrame], key: str) -> None:
    """Two charts side by side; ``tables`` holds metrics by the name of the run."""
    tables = {name: table for name, table in tables.items() if len(table)}
    if not tables:
        st.caption("Curves appear here after the first epoch.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _chart(tables, ("train_loss", "validation_loss"), "Loss", f"loss-{key}")
    quality = quality_of(tables)
    with right:
        _chart(tables, (quality,), QUALITY[quality], f"quality-{key}")
    for name, table in tables.items():
        st.caption((f"**{name}.** " if len(tables) > 1 else "") + in_words(table))


def quality_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """The validation metric these runs have: AUC for a binary finding, else the error."""
    has_auc = any(table["validation_auc"].notna().any() for table in tables.values())
    has_mae = any(table["validation_mae"].notna().any() for table in tables.values())
    return "validation_mae" if has_mae and not has_auc else "validation_auc"


def _chart(
    tables: Mapping[str, pd.DataFrame], columns: tuple[str, ...], title: str, key: str
) -> None:
    traces: list[dict[str, Any]] = []
    for number, (name, table) in enumerate(tables.items()):
        traces += _traces(name if len(tables) > 1 else "", table, columns, COLOURS[number % 5])
    if columns == ("validation_auc",):
        ends = [1, _longest(tables)]
        line = {"color": GREY, "dash": "dot", "width": 1}
        guess = {"x": ends, "y": [0.5, 0.5], "mode": "lines", "line": line, "name": "guessing"}
        traces.append(guess)
    draw(traces, "Epoch", title, key, every=1 if _longest(tables) <= 12 else None)


def draw(
    traces: Sequence[Mapping[str, Any]],
    across: str,
    up: str,
    key: str,
    *,
    unit: bool = False,
    every: int | None = None,
) -> None:
    """One chart with named axes; ``unit`` fixes both from 0 to 1, ``every`` spaces the ticks."""
    # Loaded where a chart is drawn, so that the page opens without it.
    import plotly.graph_objects as go

    ink = "#1a1d21" if st.context.theme.type == "light" else "#e6e8eb"
    axis = {"tickfont": {"color": ink}, "title": {"font": {"color": ink}}}
    figure = go.Figure([go.Scatter(**trace) for trace in traces])
    figure.update_layout(
        height=280 if not unit else 340,
        margin={"l": 55, "r": 10, "t": 10, "b": 45},
        xaxis_title=across,
        yaxis_title=up,
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="closest" if unit else "x unified",
    )
    figure.update_xaxes(dtick=every, range=[-0.02, 1.02] if unit else None, **axis)
    figure.update_yaxes(range=[-0.02, 1.02] if unit else None, **axis)
    st.plotly_chart(figure, key=key, config={"displayModeBar": False})


def _traces(
    name: str, table: pd.DataFrame, columns: tuple[str, ...], colour: str
) -> list[dict[str, Any]]:
    traces = []
    members = list(dict.fromkeys(table["member"]))
    for place, member in enumerate(members):
        rows = table[table["member"] == member]
        for column in columns:
            training = column.startswith("train")
            said = [name, network_name(member) if len(members) > 1 else ""]
            if len(columns) > 1:
                said.append("training" if training else "validation")
            traces.append(
                {
                    "x": rows["epoch"].tolist(),
                    "y": rows[column].tolist(),
                    "mode": "lines+markers",
                    "name": ", ".join(part for part in said if part) or "validation",
                    "line": {
                        "color": GREY if training and not name else colour,
                        "dash": "dot" if training and name else DASHES[place % 4],
                    },
                    "marker": {"size": 5},
                }
            )
    return traces


def _longest(tables: Mapping[str, pd.DataFrame]) -> int:
    return max(int(table["epoch"].max()) for table in tables.values())


def in_words(table: pd.DataFrame) -> str:
    """The same in a sentence, for those who cannot see the chart."""
    last = table.iloc[-1]
    said = f"After epoch {int(last['epoch'])}"
    if len(set(table["member"])) > 1:
        said += f" of {network_name(str(last['member']))}"
    said += f": training loss {_number(last['train_loss'])}, validation loss "
    said += f"{_number(last['validation_loss'])}."
    quality = quality_of({"": table})
    values = table[quality].to_numpy(float)
    if not np.isnan(values).all():
        measured = int((~np.isnan(values)).sum())
        best = int(np.nanargmax(values) if quality == "validation_auc" else np.nanargmin(values))
        name = QUALITY[quality]
        said += (
            f" Best {name[0].lower()}{name[1:]} {_number(values[best])}, "
            f"at epoch {int(table['epoch'].iloc[best])}: the best of {measured}, so flattered "
            "by the choice. The evaluation gives figures with intervals and n."
        )
    return said


def _number(value: float) -> str:
    return "not measured" if value != value else f"{value:.3f}"

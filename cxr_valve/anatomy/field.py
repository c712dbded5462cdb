"""Does a lung reach the edge of what the image shows? Then a part of it may be cut off."""

from typing import Literal, get_args

import numpy as np

from cxr_valve.anatomy.heart import HeartReading
from cxr_valve.imaging.geometry import Box

Edge = Literal["upper", "lower", "left", "right"]
EDGES: tuple[Edge, ...] = get_args(Edge)
#: A border this near to an edge runs along it: three and a half of 224 pixels, as a share
#: of the image's longer side.
NEAR = 0.016


def edge_contacts(heart: HeartReading, field: Box) -> dict[Edge, float]:
    """How much of a lung runs along each edge: length over the lung's extent that way, in [0, 1].

    ``field`` is what the image shows without a flat border (``Geometry.crop``), in pixels of the
    radiograph. Of two lungs the larger share counts; 0 where none reaches the edge. Edges are
    named as displayed.
    """
    places = dict(zip(EDGES, (field.top, field.bottom, field.left, field.right), strict=True))
    near = NEAR * max(field.height, field.width)
    contacts = dict.fromkeys(EDGES, 0.0)
    for outline in heart.outlines:
        if outline.structure == "heart":
            continue
        points = outline.points
        following = np.roll(points, -1, axis=0)
        for edge, place in places.items():
            across = 0 if edge in ("upper", "lower") else 1
            along = 1 - across
            beside = (np.abs(points[:, across] - place) <= near) & (
                np.abs(following[:, across] - place) <= near
            )
            length = np.abs(following[beside, along] - points[beside, along]).sum()
            share = float(length / max(float(np.ptp(points[:, along])), 1e-9))
            contacts[edge] = max(contacts[edge], min(share, 1.0))
    return contacts

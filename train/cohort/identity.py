"""Who is one patient: ids that share an image stay together, under a pseudonym."""

import hashlib
import hmac

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

#: No radiograph is filed under so many ids by mistake: it is a picture that says "no image".
TOO_MANY_IDS = 10


def placeholders(patients: "pd.Series[str]", pixels: "pd.Series[str]") -> "pd.Series[bool]":
    """Rows whose picture is filed under more than ``TOO_MANY_IDS`` ids; it joins nobody."""
    ids = patients.where(patients != "").groupby(pixels).transform("nunique")
    return (pixels != "") & (ids > TOO_MANY_IDS)


def persons(patients: "pd.Series[str]", pixels: "pd.Series[str]") -> "pd.Series[int]":
    """A number for each row, equal for rows of one patient or joined by equal pixels.

    Connected components of the graph of ids and pixel hashes; "" in either joins nothing, and a
    row without an id is a person of its own unless its pixels say otherwise.
    """
    count = len(patients)
    own = np.arange(count)
    edges = [(own, own)]
    for cells in (patients, pixels):
        codes, _ = pd.factorize(cells.where(cells != ""))
        known = codes >= 0
        # Each value stands for its first row: a star joins all rows that have it.
        first = np.full(codes.max(initial=-1) + 1, -1)
        first[codes[known][::-1]] = own[known][::-1]
        edges.append((own[known], first[codes[known]]))
    rows, columns = (np.concatenate([edge[side] for edge in edges]) for side in (0, 1))
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    return pd.Series(labels, index=patients.index)


def joined_ids(patients: "pd.Series[str]", person: "pd.Series[int]") -> int:
    """How many patient ids share an image with another id."""
    known = pd.DataFrame({"id": patients, "person": person})[patients != ""].drop_duplicates()
    shared = known["person"].duplicated(keep=False)
    return int(shared.sum())


def shuffled(values: "pd.Series[str]", seed: int) -> list[str]:
    """Distinct values in an order that the seed decides and the values do not show."""
    key = str(seed).encode()
    digests = {
        value: hmac.new(key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
        for value in values.unique()
    }
    return sorted(digests, key=digests.__getitem__)


def pseudonyms(rows: pd.DataFrame, seed: int) -> "pd.Series[str]":
    """p00001 … for each row by its person; ``rows`` has the columns person and patient.

    The numbers follow a keyed hash of the person's ids, so they tell neither the id nor the order
    of the hospital's own numbers, and stay the same when rows are added elsewhere in the file.
    """
    named = rows["patient"].where(rows["patient"] != "", "row " + rows.index.astype(str))
    lead = named.groupby(rows["person"]).transform("min")
    numbers = {value: at + 1 for at, value in enumerate(shuffled(lead, seed))}
    return lead.map(lambda value: f"p{numbers[value]:05d}")

"""Which cluster trains: the one RAY_ADDRESS names, else the head on this machine."""

import os
from dataclasses import dataclass
from pathlib import Path

from train.cluster.head import count_gpus, ensure_head, head_token, live_head
from train.cluster.jobs import SLOT, ClusterError, Jobs

ADDRESS_VARIABLE = "RAY_ADDRESS"


@dataclass(frozen=True)
class Cluster:
    """A cluster to submit to; ``embedded`` where it is the head on this machine."""

    jobs: Jobs
    embedded: bool

    def resources(self, workers: int, timeout: float = 5.0) -> dict[str, float]:
        """What a run of ``workers`` processes occupies while it trains.

        A lone process needs its GPU itself; several get theirs from Ray Train.
        """
        gpu = {"GPU": 1.0} if workers <= 1 else {}
        if self.embedded:
            gpus = count_gpus()
            return {SLOT: float(min(max(workers, 1), max(gpus, 1)))} | (gpu if gpus else {})
        offered = self.jobs.resources(timeout)
        slot = {SLOT: 1.0} if offered.get(SLOT) else {}
        return slot | (gpu if offered.get("GPU") else {}) or {"CPU": 1.0}


def find_cluster(root: Path | None = None) -> Cluster:
    """The cluster to submit to; starts the head on this machine where it is needed.

    Raises:
        ClusterError: it does not answer, or could not be started.
    """
    named = os.environ.get(ADDRESS_VARIABLE, "").strip()
    if not named:
        return Cluster(Jobs(ensure_head(root).url, head_token(root)), embedded=True)
    jobs = Jobs(_dashboard(named), _outside_token())
    jobs.version(timeout=10.0)
    return Cluster(jobs, embedded=False)


def known_cluster(url: str, root: Path | None = None) -> Cluster | None:
    """The cluster a run was sent to; None where it was a head on this machine that is gone."""
    head = live_head(root)
    if head and head.url == url:
        return Cluster(Jobs(url, head_token(root)), embedded=True)
    if url.startswith("http://127.0.0.1:") and not os.environ.get(ADDRESS_VARIABLE):
        return None
    return Cluster(Jobs(url, _outside_token()), embedded=False)


def _dashboard(address: str) -> str:
    if address.startswith(("http://", "https://")):
        return address.rstrip("/")
    try:
        # Only Ray knows how a GCS or client address leads to the dashboard.
        from ray.dashboard.utils import get_address_for_submission_client

        return str(get_address_for_submission_client(address))
    except Exception as error:
        raise ClusterError(
            f"Expected RAY_ADDRESS to lead to a Ray cluster, found none at {address} "
            f"({type(error).__name__}). Give the dashboard's address, e.g. http://head:8265, or "
            "unset it to train on this machine."
        ) from error


def _outside_token() -> str:
    """The token of a cluster that is not ours, from where Ray looks for it."""
    if token := os.environ.get("RAY_AUTH_TOKEN"):
        return token.strip()
    named = os.environ.get("RAY_AUTH_TOKEN_PATH")
    file = Path(named) if named else Path.home() / ".ray" / "auth_token"
    try:
        return file.read_text().strip()
    except OSError:
        return ""

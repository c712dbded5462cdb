"""Ray as the queue for the accelerator: a head on this machine, or the cluster at RAY_ADDRESS."""

from train.cluster.jobs import ClusterError, Job, Jobs
from train.cluster.where import Cluster, find_cluster, known_cluster

__all__ = ["Cluster", "ClusterError", "Job", "Jobs", "find_cluster", "known_cluster"]

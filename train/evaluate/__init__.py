"""Evaluation of fitted members: calibrated on validation, measured on validation and test."""

from train.evaluate.binary import NICE_RATIOS, Calibrated, calibrate, describe
from train.evaluate.continuous import CalibratedValue, calibrate_value
from train.evaluate.evaluation import evaluate_run
from train.evaluate.kept import evaluation_folder, kept_evaluation, kept_rule
from train.evaluate.members import FittedMember, source
from train.evaluate.outputs import MemberOutputs, run_member
from train.evaluate.store import Evaluation, load

__all__ = [
    "NICE_RATIOS",
    "Calibrated",
    "CalibratedValue",
    "Evaluation",
    "FittedMember",
    "MemberOutputs",
    "calibrate",
    "calibrate_value",
    "describe",
    "evaluate_run",
    "evaluation_folder",
    "kept_evaluation",
    "kept_rule",
    "load",
    "run_member",
    "source",
]

"""Cohort to weights: simulate, fit, calibrate, evaluate, write."""

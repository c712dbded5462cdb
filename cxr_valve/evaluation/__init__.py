"""Operating points, prevalence, curves, intervals and calibration of a score against a label.

Statistics only: numpy, scipy, statsmodels and scikit-learn, with no torch and no streamlit.
Modules are imported by name (``from cxr_valve.evaluation.roc import auc_delong``).
"""

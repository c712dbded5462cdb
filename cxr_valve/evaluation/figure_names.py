"""What measured figures are called on screens and in reports, and which of them are shares."""

#: Figures in the order people read them, and how they are called.
FIGURES = {
    "auc": "AUC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "accuracy": "Accuracy",
    "ppv": "PPV",
    "npv": "NPV",
    "mae": "Mean absolute error",
    "bias": "Bias (predicted − measured)",
    "lower": "Lower limit of agreement",
    "upper": "Upper limit of agreement",
    "correlation": "Correlation",
    "slope": "Calibration slope",
    "intercept": "Calibration intercept",
    "auc_below_40": "AUC for a value below 40",
    "auc_below_50": "AUC for a value below 50",
    "coverage": "Measured values inside the interval",
}
#: Shares of people or images, printed as percentages; an AUC or a slope is none.
SHARES = {"sensitivity", "specificity", "accuracy", "ppv", "npv", "coverage"}


def share_text(value: float) -> str:
    """A share (0 to 1) in whole percent; 0% and 100% only where it is that, else with digits."""
    for digits in (0, 1, 2):
        written = f"{value:.{digits}%}"
        if float(written[:-1]) not in (0.0, 100.0) or value in (0.0, 1.0):
            return written
    return "<0.01%" if value < 0.5 else ">99.99%"


def figure_name(key: str) -> str:
    """How people write the name of a figure."""
    return FIGURES.get(key, key.replace("_", " ").capitalize())

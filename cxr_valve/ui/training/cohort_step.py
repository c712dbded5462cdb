"""Which radiographs and exams make the cohort: rules on the left, what follows on the right."""

from cxr_valve.ui.training.desk import Desk
from cxr_valve.ui.training.draft import Draft


def show_cohort(desk: Desk, draft: Draft) -> bool:
    """Change rules and see at once what they keep."""
    del desk, draft
    return True

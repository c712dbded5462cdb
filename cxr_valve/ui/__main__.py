"""``python -m cxr_valve.ui``: serve the dashboard; what follows goes to ``streamlit run``."""

import sys
import threading
from contextlib import suppress
from pathlib import Path

from streamlit.web import cli

from cxr_valve.cards import CardError

APP = Path(__file__).resolve().parents[2] / "app.py"


def prepare() -> None:
    """Load what the first page needs and open the networks, while the browser still loads.

    Streamlit runs a page no sooner than somebody looks at it, and a second is lost until then.
    """
    import cxr_valve.ui.case_view
    import cxr_valve.ui.intake
    import cxr_valve.ui.landing  # noqa: F401
    from cxr_valve.ui.resources import shared_reader

    # What is wrong with the weights is said on the page.
    with suppress(CardError):
        shared_reader().warm()


def main() -> None:
    """Start the server; returns when it was stopped."""
    threading.Thread(target=prepare, daemon=True).start()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()


if __name__ == "__main__":
    main()

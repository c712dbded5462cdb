"""``make bench``: every speed claim as a ratio against a named peer, measured in one run."""

from tests.bench import (
    anatomy,
    browser,
    evaluation,
    folders,
    networks,
    simulation,
    startup,
    training,
)

for title, part in (
    ("Start", startup),
    ("Pages in a browser", browser),
    ("Networks", networks),
    ("Gate and heart size", anatomy),
    ("Folders (640 px JPEG to JSON)", folders),
    ("Statistics", evaluation),
    ("Simulation", simulation),
    ("Training", training),
):
    print(f"\n{title}", flush=True)
    part.main()

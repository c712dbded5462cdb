"""The dashboard is started with its first page's needs on the way."""

import sys

import pytest

from cxr_valve import cards
from cxr_valve.ui import __main__ as start, resources


def test_what_follows_goes_to_streamlit_and_the_page_is_prepared_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    prepared, given = start.threading.Event(), []
    monkeypatch.setattr(start, "prepare", prepared.set)
    monkeypatch.setattr(start.cli, "main", lambda: given.extend(sys.argv))
    monkeypatch.setattr(sys, "argv", ["cxr_valve.ui", "--server.port", "8600"])
    start.main()
    assert given == ["streamlit", "run", str(start.APP), "--server.port", "8600"]
    assert start.APP.is_file()
    assert prepared.wait(10)


def test_the_networks_are_opened_before_anybody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    warmed = []
    monkeypatch.setattr(resources.SharedReader, "warm", lambda self: warmed.append(self))
    start.prepare()
    assert warmed == [resources.shared_reader()]


def test_weights_that_cannot_be_used_do_not_stop_the_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise cards.CardError("mr-toy/card.json: damaged")

    monkeypatch.setattr(resources, "shared_reader", fail)
    start.prepare()

"""What a visitor does on the explorer, and what it shows."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


READY = ".explorer[data-ready=true]"


MR_TEST = "weights:mr-fake:test:score"


def settled(page: "Page") -> None:
    """Wait until the server has nothing left to say."""
    page.wait_for_timeout(400)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_timeout(200)


def numbers(page: "Page") -> dict[str, str]:
    """Every number of the tables, by group and row, and the caption."""
    found: dict[str, str] = page.evaluate(
        """() => {
          const root = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
          let shadow = null;
          for (let node = root.currentNode; node; node = root.nextNode())
            if (node.shadowRoot?.querySelector(".explorer")) shadow = node.shadowRoot;
          const all = {caption: shadow.querySelector(".caption").innerText,
                       counts: shadow.querySelector(".counts").innerText};
          for (const body of shadow.querySelectorAll(".metrics tbody")) {
            const group = body.querySelector(".group th").textContent
              .replace(/ \\(.*| [\\d.]+%$/, "");
            for (const row of body.querySelectorAll("tr:not(.group)"))
              all[`${group}: ${row.querySelector("th").textContent}`] =
                ["value", "low", "high"].map((k) => row.querySelector("td").dataset[k]).join(" ")
                + " | " + row.innerText;
          }
          return all;
        }"""
    )
    return found


def value(found: dict[str, str], name: str) -> float:
    return next(float(v.split(" ")[0]) for k, v in found.items() if k.endswith(name))


def attribute(page: "Page", name: str) -> str:
    return page.locator(".explorer").get_attribute(name) or ""


def caption(page: "Page") -> str:
    return page.locator(".caption .large").inner_text()


def hold(page: "Page", selector: str, share: float = 0.5) -> tuple[float, float, float]:
    """Press the pointer on an element; returns where, and the element's width."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + share * box["width"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y, box["width"]

# SPDX-License-Identifier: MIT
"""The page in a real browser: no console error, nothing wider than the screen, filter and folds that work.

Needs Chromium with its driver (Debian: chromium, chromium-driver) and selenium; skipped without them, and
failed where CI is set.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import time

import pytest

from stress.cli import main as command

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
SIZES = {"wide": (1280, 900), "narrow": (480, 900)}
FAILING = """
bound = 1e-3
[[arm]]
name = "player"
group = "player"
playback_buffer = 384
burst_s = "600ms"
[[arm]]
name = "player-rw"
group = "player"
access = "rw"
burst_s = "300ms"
[[arm]]
name = "player-300-switches"
group = "player"
playback_buffer = 384
switches_per_s = 300.0
burst_s = "300ms"
[[arm]]
name = "recorder"
capture_buffer = 384
side = "capture"
burst_s = "300ms"
"""
CLEAN = '[[arm]]\nname = "player"\nburst_s = "2s"\n'
RUNS = {
    "fail": (FAILING, ["--board", "arm926"]),
    "pass": (CLEAN, ["--board", "cortex-a"]),
    "analog": (CLEAN, ["--board", "cortex-a", "--loopback", "analog"]),
}

PAGES = [*RUNS, "compare", "trend"]


def _missing():
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "no module selenium (pip install .[test])"
    return (
        ""
        if CHROMIUM and DRIVER
        else "no chromium with its driver (apt-get install chromium chromium-driver)"
    )


@pytest.fixture(scope="module")
def browser():
    missing = _missing()
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing}: a check that cannot run fails in CI")
    if missing:
        pytest.skip(missing)
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, (plan, argv) in RUNS.items():
        (folder / f"{name}.toml").write_text(plan)
        run = [
            "run",
            "--backend",
            "virtual",
            "--plan",
            f"{folder}/{name}.toml",
            "--seed",
            "1",
            "--quiet",
            *argv,
        ]
        command.main([*run, "--out", f"{folder}/{name}", "--html", f"{folder}/{name}.html"])
    both = [f"{folder}/fail", f"{folder}/pass"]
    command.main(["report", "--compare", *both, "--html", f"{folder}/compare.html"])
    command.main(["report", "--trend", *both, "--html", f"{folder}/trend.html"])
    return folder


def _open(driver, pages, name, size="wide", scheme="light"):
    width, height = SIZES[size]
    # The width of the page itself: a window may not be narrower than 500 pixels.
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get(f"file://{pages}/{name}.html")


def _shown(driver, selector):
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(one => one.offsetParent !== null).length"
    )
    return driver.execute_script(script, selector)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_page_is_no_wider_than_the_screen_and_says_nothing_on_the_console(browser, pages, name, size, scheme):
    _open(browser, pages, name, size, scheme)
    assert browser.execute_script("return innerWidth") == SIZES[size][0]
    assert browser.execute_script("return document.documentElement.scrollWidth") <= SIZES[size][0]
    assert browser.get_log("browser") == []
    back = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    red = int(re.search(r"\d+", back)[0])
    assert red < 60 if scheme == "dark" else red > 200


@pytest.mark.parametrize("size", SIZES)
def test_filter_shows_one_kind_and_all_again(browser, pages, size):
    _open(browser, pages, "fail", size)
    browser.execute_script("document.querySelector('#findings ~ details').open = true")
    rows = _shown(browser, ".list tr[class]")
    stale = _shown(browser, ".list tr.k-stale")
    assert 0 < stale < rows
    browser.find_element("css selector", "label[for=only-stale]").click()
    assert (_shown(browser, ".list tr[class]"), _shown(browser, ".list tr.k-stale")) == (stale, stale)
    browser.find_element("css selector", "label[for=only-all]").click()
    assert _shown(browser, ".list tr[class]") == rows


def test_first_screen_has_the_picture_of_its_run(browser, pages):
    for name, selector in (("fail", "svg circle"), ("pass", "circle.good"), ("analog", ".curve")):
        _open(browser, pages, name)
        figure = browser.find_element("css selector", "dl + figure")
        assert figure.find_elements("css selector", selector)
        assert figure.rect["y"] < SIZES["wide"][1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["pass", "trend"])
def test_picture_of_rows_is_drawn_once_and_whole_on_each_screen(browser, pages, name, size):
    _open(browser, pages, name, size)
    drawn = [one for one in browser.find_elements("css selector", "figure svg") if one.is_displayed()]
    assert drawn
    for one in drawn:
        assert one.rect["x"] >= 0 and one.rect["x"] + one.rect["width"] <= SIZES[size][0]


def test_fold_opens_and_closes(browser, pages):
    _open(browser, pages, "fail")
    fold = browser.find_element("css selector", "#evidence ~ details")
    assert fold.get_attribute("open") is None
    fold.find_element("css selector", "summary").click()
    assert fold.get_attribute("open") is not None
    fold.find_element("css selector", "summary").click()
    assert fold.get_attribute("open") is None


def test_list_of_contents_leads_to_each_heading(browser, pages):
    _open(browser, pages, "fail", "narrow")
    links = browser.find_elements("css selector", "nav a")
    assert len(links) >= 6
    for link in links:
        link.click()
        place = link.get_attribute("href").split("#")[1]
        top = f"return document.getElementById('{place}').getBoundingClientRect().top"
        assert -1 <= browser.execute_script(top) <= SIZES["narrow"][1]


def test_bar_of_the_heat_map_says_its_numbers_where_the_pointer_is(browser, pages):
    _open(browser, pages, "fail")
    said = browser.execute_script(
        "const bar = document.querySelector('.heat .bar'); bar.scrollIntoView({block: 'center'});"
        "const box = bar.getBoundingClientRect();"
        "const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);"
        "return hit.querySelector('title').textContent"
    )
    assert re.fullmatch(r".* s: [0-9 ]+ wrong frames?", said)


@pytest.mark.parametrize("name", PAGES)
def test_paper_takes_two_pages_at_most(browser, pages, name):
    _open(browser, pages, name)
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    data = base64.b64decode(
        browser.execute_cdp_cmd("Page.printToPDF", {"paperWidth": 8.27, "paperHeight": 11.69})["data"]
    )
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 2


def test_hostile_page_runs_nothing(browser, pages):
    from stress.report import html
    from tests.report.test_html import _log

    (pages / "hostile.html").write_text(html.page(_log(), []))
    _open(browser, pages, "hostile")
    time.sleep(0.2)
    assert browser.get_log("browser") == []
    assert browser.find_elements("css selector", "script") == []

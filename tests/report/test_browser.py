"""The page in a real browser: every tab, table, download, chart and figure, without a request.

Skipped where Chromium and its driver are not installed; with ``--system``, as root, they are
installed from Debian.
"""

import json
import shutil
import subprocess

import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.report import made_up
from tests.report.made_up import write_run

TABS = ["answer", "figures", "explore", "tables", "methods", "run"]
HOSTILE = "<script>document.title = 'broken'</script><b>bold</b>"
WIDTHS = [1280, 390]
PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="module")
def programs(request, once):
    """Chromium and its driver."""
    if not all(map(shutil.which, PROGRAMS)) and request.config.getoption("--system"):
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        commands = [["apt-get", "update", "-qq"], [*install, "chromium", "chromium-driver"]]
        once("chromium", lambda: [subprocess.run(command) for command in commands])
    if not all(map(shutil.which, PROGRAMS)):
        pytest.skip("Chromium and chromedriver are not installed (--system installs them, as root)")
    return [shutil.which(name) for name in PROGRAMS]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A page with hostile names, a table of many rows, and one with every kind of value."""
    found = made_up.tables()
    scores = made_up.scores()
    found["networks", "split_scores"] = scores.merge(scores[["method"]]).iloc[:900]
    found["", "odd"] = pd.DataFrame(
        {
            "method": ['b,\n"c"', HOSTILE, "null", "é"],
            "subject": ["007", "08", "9", "10"],
            "value": [0.123456, None, -12.5, 3e-7],
            "n": [10, 9, 8, 100],
        }
    )
    return write_run(tmp_path_factory.mktemp("run"), found, label=HOSTILE, caption=HOSTILE)


@pytest.fixture(scope="module", params=WIDTHS)
def width(request):
    return request.param


@pytest.fixture(scope="module")
def browser(programs, files, width, tmp_path_factory):
    """The page is open; what is saved goes to the folder `saved`."""
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for argument in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "hide-scrollbars"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options, Service(programs[1])) as driver:
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        driver.saved = tmp_path_factory.mktemp("saved")
        behaviour = {"behavior": "allow", "downloadPath": str(driver.saved)}
        driver.execute_cdp_cmd("Browser.setDownloadBehavior", behaviour)
        driver.get(files[0].as_uri())
        yield driver


def until(browser, condition):
    """What a condition on the browser gives, as soon as it is true."""
    return WebDriverWait(browser, 30).until(lambda _: condition())


def find(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def show(browser, tab):
    find(browser, f"#tab-{tab}")[0].click()
    assert [section.get_attribute("id") for section in visible_sections(browser)] == [tab]


def visible_sections(browser):
    return [section for section in find(browser, "main > section") if section.is_displayed()]


def open_table(browser, name):
    """The table of this name with its rows."""
    show(browser, "tables")
    (details,) = [
        item
        for item in find(browser, "#tables details")
        if item.find_element(By.TAG_NAME, "b").text == name
    ]
    if not details.get_attribute("open"):
        details.find_element(By.TAG_NAME, "summary").click()
    until(browser, lambda: details.find_elements(By.CSS_SELECTOR, "tbody tr"))
    return details


def column(browser, details, number):
    """Texts of one column, in one question to the browser: a table may have hundreds of rows."""
    script = "return [...arguments[0].querySelectorAll(arguments[1])].map((td) => td.textContent)"
    return browser.execute_script(script, details, f"tbody td:nth-child({number})")


def press(details, name):
    (button,) = [
        item
        for item in details.find_elements(By.CSS_SELECTOR, "th button")
        if item.get_attribute("textContent").split(" ")[0] == name
    ]
    button.send_keys(Keys.ENTER)


def filter_rows(details, text):
    field = details.find_element(By.CLASS_NAME, "filter")
    field.send_keys(Keys.CONTROL, "a", Keys.NULL, Keys.BACKSPACE, text)


def test_every_tab_opens_and_fits(browser, width):
    assert [tab.get_attribute("id") for tab in find(browser, "nav a")] == [
        f"tab-{name}" for name in TABS
    ]
    for tab in TABS:
        show(browser, tab)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_arrow_keys_change_the_tab(browser):
    show(browser, "answer")
    find(browser, "#tab-answer")[0].send_keys(Keys.ARROW_RIGHT)
    assert visible_sections(browser)[0].get_attribute("id") == "figures"
    browser.switch_to.active_element.send_keys(Keys.ARROW_LEFT)
    assert visible_sections(browser)[0].get_attribute("id") == "answer"


def test_the_address_names_the_tab(browser, files):
    browser.get(f"{files[0].as_uri()}#methods")
    browser.refresh()
    assert visible_sections(browser)[0].get_attribute("id") == "methods"


def test_names_stay_text(browser):
    show(browser, "methods")
    titles = [title.get_attribute("textContent") for title in find(browser, "#methods h3")]
    assert f"{HOSTILE} ridge_post" in titles
    details = open_table(browser, "odd")
    assert HOSTILE in column(browser, details, 1)
    assert not find(browser, "main b b, main td b")
    assert browser.title == "Which alignment method tells brains and models apart?"


def test_a_table_is_sorted_by_numbers_and_names(browser):
    details = open_table(browser, "odd")
    assert column(browser, details, 3) == ["0.123", "", "−12.5", "3.00e−7"]
    assert column(browser, details, 2) == ["007", "08", "9", "10"]
    press(details, "value")
    assert column(browser, details, 3) == ["−12.5", "3.00e−7", "0.123", ""]
    press(details, "value")
    assert column(browser, details, 3) == ["0.123", "3.00e−7", "−12.5", ""]
    press(details, "n")
    assert column(browser, details, 4) == ["8", "9", "10", "100"]
    press(details, "method")
    assert column(browser, details, 1) == [HOSTILE, 'b,\n"c"', "é", "null"]
    value = details.find_element(By.CSS_SELECTOR, "td.number[title='0.123456']")
    assert value.get_attribute("textContent") == "0.123"


def test_a_table_is_filtered_by_words(browser):
    details = open_table(browser, "odd")
    filter_rows(details, "NULL 9")
    assert column(browser, details, 1) == ["null"]
    filter_rows(details, "nothing like it")
    assert column(browser, details, 1) == []
    filter_rows(details, "")
    assert len(column(browser, details, 1)) == 4


def test_a_long_table_shows_more_on_demand(browser):
    details = open_table(browser, "split_scores")
    assert len(column(browser, details, 1)) == 200
    details.find_elements(By.TAG_NAME, "button")[-1].send_keys(Keys.ENTER)
    assert len(column(browser, details, 1)) == 400
    assert "400 of 900 rows" in details.text


def test_what_is_saved_is_the_file(browser, files):
    show(browser, "tables")
    for link in find(browser, "a.save"):
        link.send_keys(Keys.ENTER)
        saved = browser.saved / link.get_attribute("download")
        until(browser, saved.exists)
    names = {"_".join(filter(None, key)): path for key, path in files[1].items()}
    for name, path in names.items():
        assert (browser.saved / f"{name}.csv").read_bytes() == path.read_bytes()


def test_charts_have_a_point_per_method_and_per_cell(browser):
    show(browser, "explore")
    points = until(browser, lambda: find(browser, ".chart .mark-symbol.role-mark path"))
    cells = len(made_up.METHODS) * 6 * 4
    until(browser, lambda: len(find(browser, ".chart .mark-symbol.role-mark path")) == 2 + cells)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", points[1])
    ActionChains(browser).move_to_element(points[1]).perform()
    (told,) = until(browser, lambda: find(browser, "#vg-tooltip-element.visible"))
    assert HOSTILE in told.text
    assert "95 % interval .54 to .74" in told.text
    assert "no interval" in told.text


def test_a_chart_shows_another_reading_and_one_part(browser):
    show(browser, "explore")
    reading, part = until(browser, lambda: find(browser, ".chart select"))
    marks = ".chart .mark-symbol.role-mark path"
    before = [mark.get_attribute("transform") for mark in find(browser, marks)]
    reading.send_keys("d prime")
    until(
        browser,
        lambda: [mark.get_attribute("transform") for mark in find(browser, marks)] != before,
    )
    part.send_keys("conv2")
    until(browser, lambda: len(find(browser, marks)) == 2 + len(made_up.METHODS) * 6 * 2)
    part.send_keys("all")


def test_a_figure_opens_large_and_closes(browser):
    show(browser, "figures")
    (button,) = find(browser, ".enlarge")
    small = button.find_element(By.TAG_NAME, "img")
    assert int(small.get_property("naturalWidth")) == 90
    button.send_keys(Keys.ENTER)
    (large,) = find(browser, "dialog[open] img")
    assert large.get_attribute("src") == small.get_attribute("src")
    assert large.size["width"] > small.size["width"]
    ActionChains(browser).send_keys(Keys.ESCAPE).perform()
    until(browser, lambda: not find(browser, "dialog[open]"))


def test_nothing_was_requested_or_complained_about(browser, files):
    """After all tabs were used; the last test of each width."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = {
        message["params"]["request"]["url"].partition("#")[0]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert files[0].as_uri() in requested
    known = (files[0].as_uri(), "data:", "blob:")
    assert not [address for address in requested if not address.startswith(known)]
    assert browser.get_log("browser") == []

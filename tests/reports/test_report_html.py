"""The HTML report in a real headless Chromium."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import html as lxml_html
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from pyfmt.core.model import Edit, Failure, Severity, Skip
from pyfmt.core.report import ProjectRecord, Report
from pyfmt.reports import html
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.text_rest import counts
from tests.reports.consumers import chromium
from tests.reports.models import CLEAN, RICH, finding, sources
from tests.reports.strategies import NASTY, reports
from tests.support.waiting import PATIENCE

OPTIONS = RenderOptions(sources=sources)
PROJECTS = tuple(ProjectRecord(f"project{number}", f"p/{number}", "", 1) for number in range(40))
MANY = replace(
    CLEAN,
    projects=PROJECTS,
    findings=tuple(
        finding(
            path=f"p/{number % 40}/file{number % 1000}.py",
            line=number // 1000 + 1,
            project=f"project{number % 40}",
            rule=f"E{1000 + number % 50}",
            symbol=f"rule-number-{number % 50}",
            tool=("pylint", "mypy")[number % 2],
            severity=list(Severity)[number % 3],
            message=f"message number {number} of many",
        )
        for number in range(50_000)
    ),
)
NASTY_REPORT = replace(
    RICH,
    root="/work/</title><script>bad()</script>",
    projects=tuple(ProjectRecord(text, text, text, 1) for text in NASTY),
    findings=tuple(
        finding(path=text, message=text, rule=text, symbol=text, project=text, notes=NASTY) for text in NASTY
    ),
    edits=tuple(Edit(text, (text,), text, diff=text) for text in NASTY),
    failures=tuple(Failure(text, (text,), text, text, text) for text in NASTY),
    skipped=tuple(Skip(text, text, text) for text in NASTY),
    notes=NASTY,
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


def opened(browser: WebDriver, report: Report, folder: Path, options: RenderOptions = OPTIONS) -> str:
    """Open the report's page; gives its URL."""
    file = folder / "report.html"
    file.write_text(html.render(report, options), encoding="utf-8")
    logged(browser, "browser")
    logged(browser, "performance")
    browser.get(file.as_uri())
    return file.as_uri()


def logged(browser: WebDriver, kind: str) -> list[dict[str, Any]]:
    """What the browser logged since the last call."""
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def visible(browser: WebDriver) -> int:
    """How many findings are not filtered out."""
    number: int = browser.execute_script(
        "return Array.from(document.querySelectorAll('ol.findings > li'))"
        ".filter((row) => !row.closest('[hidden]')).length"
    )
    return number


def script(browser: WebDriver, code: str) -> Any:
    return browser.execute_script(code)


def click(browser: WebDriver, selector: str) -> None:
    browser.find_element(By.CSS_SELECTOR, selector).click()


def test_every_filter_leaves_exactly_what_it_names(browser: WebDriver, tmp_path: Path) -> None:
    opened(browser, RICH, tmp_path)
    status = browser.find_element(By.ID, "status")
    assert (visible(browser), status.text) == (5, "5 of 5 findings shown")
    click(browser, "input[name=severity][value='0']")
    assert (visible(browser), status.text) == (2, "2 of 5 findings shown")
    click(browser, "input[name=severity][value='0']")
    click(browser, "input[name=tool][value='3']")  # mypy
    assert visible(browser) == 3
    click(browser, "button[type=reset]")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: status.text == "5 of 5 findings shown")
    Select(browser.find_element(By.NAME, "project")).select_by_visible_text("billing")
    assert visible(browser) == 3
    shown = browser.find_elements(By.CSS_SELECTOR, "section[data-project]:not([hidden]) h3")
    assert [heading.text for heading in shown] == ["billing"]
    Select(browser.find_element(By.NAME, "rule")).select_by_visible_text("mypy: name-defined (1)")
    assert visible(browser) == 1
    assert browser.find_element(By.CSS_SELECTOR, "details:not([hidden]) .count").text == "1 of 3"
    click(browser, "button[type=reset]")
    browser.find_element(By.NAME, "text").send_keys("LEDGER unused")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: status.text == "1 of 5 findings shown")
    assert visible(browser) == 1


def test_a_link_shows_what_its_sender_saw(browser: WebDriver, tmp_path: Path) -> None:
    url = opened(browser, RICH, tmp_path)
    click(browser, "input[name=severity][value='0']")
    browser.find_element(By.NAME, "text").send_keys("ledger unused")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: visible(browser) == 1)
    link = browser.current_url
    assert link.startswith(f"{url}#?")
    browser.get("about:blank")
    browser.get(link)
    assert visible(browser) == 1
    assert browser.find_element(By.NAME, "text").get_attribute("value") == "ledger unused"
    click(browser, "button[type=reset]")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: visible(browser) == 5)
    assert browser.current_url == f"{url}#"
    script(browser, f"location.hash = {json.dumps(link.partition('#')[2])}")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: visible(browser) == 1)


def test_findings_come_first_with_numbered_lines_around_them_and_no_label_is_cut() -> None:
    long = "a-rule-with-a-very-long-name-" * 8
    lines = [f"line = {number}" for number in range(1, 31)]
    report = replace(CLEAN, findings=(finding(line=10, column=1, end_line=10, end_column=5, rule=long, symbol=long),))
    tree: Any = lxml_html.document_fromstring(html.render(report, RenderOptions(sources=lambda path: lines)))
    assert tree.xpath("//main/section/h2/@id")[0] == "findings"
    (shown,) = tree.xpath("//ol[@class='findings']//pre")
    assert shown.text_content().splitlines() == [f"{number:>2}  line = {number}" for number in range(8, 13)]
    assert shown.xpath("mark/text()") == ["line"]
    assert long in tree.xpath("//svg//text/text()")


def test_new_findings_are_told_from_those_that_a_baseline_accepts(browser: WebDriver, tmp_path: Path) -> None:
    accepted = tuple(replace(each, baselined=number < 2) for number, each in enumerate(RICH.findings))
    opened(browser, replace(RICH, findings=accepted), tmp_path)
    labels = browser.find_elements(By.XPATH, "//label[input[@name='baseline']]")
    assert [label.text for label in labels] == ["new 3", "baselined 2"]
    assert visible(browser) == 5
    labels[1].click()
    assert (visible(browser), browser.find_element(By.ID, "status").text) == (3, "3 of 5 findings shown")
    assert "baselined" not in browser.find_element(By.CSS_SELECTOR, "section[data-project='1']").text
    labels[0].click()
    assert visible(browser) == 0
    labels[1].click()
    assert visible(browser) == 2
    click(browser, "input[name=tool][value='3']")  # mypy, together with the other filters
    assert visible(browser) == 1
    opened(browser, RICH, tmp_path)
    assert not browser.find_elements(By.NAME, "baseline")  # without a baseline everything is new


def test_a_cell_of_the_heat_map_filters_to_its_project_and_tool(browser: WebDriver, tmp_path: Path) -> None:
    opened(browser, RICH, tmp_path)
    browser.find_element(By.CSS_SELECTOR, "#heat a[data-project='1'][data-tool='2']").click()
    assert visible(browser) == 2
    assert browser.find_element(By.ID, "status").text == "2 of 5 findings shown"


@pytest.mark.parametrize("report", [RICH, CLEAN, NASTY_REPORT], ids=["rich", "clean", "nasty"])
def test_nothing_is_logged_and_no_request_leaves_the_page(browser: WebDriver, tmp_path: Path, report: Report) -> None:
    url = opened(browser, report, tmp_path)
    script(browser, "window.scrollTo(0, document.body.scrollHeight)")
    assert logged(browser, "browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    asked = [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]
    assert url in asked
    assert [address for address in asked if address != url and not address.startswith("data:")] == []


def test_markup_and_control_characters_of_the_checkout_are_only_text(browser: WebDriver, tmp_path: Path) -> None:
    lines = ["<script>bad()</script><img src=x onerror=bad()>\x1b\u202e"]
    opened(browser, NASTY_REPORT, tmp_path, RenderOptions(sources=lambda _path: lines))
    assert visible(browser) == len(NASTY)
    assert script(browser, "return document.querySelectorAll('script').length") == 1
    assert script(browser, "return document.querySelectorAll('img, iframe, object, embed').length") == 0
    handlers = "return Array.from(document.querySelectorAll('*')).flatMap((e) => e.getAttributeNames())"
    assert not [name for name in script(browser, handlers) if name.startswith("on")]
    paths = script(browser, "return Array.from(document.querySelectorAll('summary > code'), (e) => e.textContent)")
    assert set(paths) >= {printable(text) for text in NASTY}
    assert "<script>bad()" in script(browser, "return document.querySelector('ol.findings pre').textContent")
    text = script(browser, "return document.body.textContent")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


@settings(max_examples=60, deadline=None)
@given(reports)
def test_no_text_of_any_report_becomes_an_element_or_attribute(report: Report) -> None:
    page = html.render(report, RenderOptions(sources=lambda _path: ["<b a='\x00\"'>\t\u2028"] * 200))
    page.encode("utf-8")
    tree = lxml_html.document_fromstring(page)
    assert len(tree.findall(".//script")) == 1
    assert not tree.findall(".//img") and not tree.findall(".//b")
    known = {"class", "id", "href", "rel", "data-k", "data-path", "data-project", "data-tool", "open", "hidden", "role"}
    known |= {"type", "name", "value", "checked", "scope", "lang", "charset", "content", "http-equiv", "autocomplete"}
    known |= {
        "aria-label",
        "aria-labelledby",
        "aria-live",
        "width",
        "height",
        "viewbox",
        "x",
        "y",
        "points",
        "text-anchor",
    }
    assert {name for element in tree.iter() for name in element.attrib} <= known
    assert len(tree.findall(".//ol[@class='findings']/li")) == len(report.findings)
    for link in tree.findall(".//a"):
        assert re.match(r"https://(pylint|mypy)\.readthedocs\.io/|#", link.get("href") or "")


def test_all_is_there_and_the_useless_form_is_not_when_scripts_are_off(browser: WebDriver, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        opened(browser, RICH, tmp_path)
        assert not browser.find_element(By.ID, "filters").is_displayed()
        rows = browser.find_elements(By.CSS_SELECTOR, "ol.findings > li")
        assert len(rows) == 5 and all(row.is_displayed() for row in rows)
        body = browser.find_element(By.TAG_NAME, "body").text
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    for words in ("timed out after 600 s", "still loading", "skipped: mypy for mailer", "Unused import os", "3.12.1"):
        assert words in body
    assert ", ".join(counts(RICH)) in body
    assert "pyfmt format lib/storage projects/ledger" in body


@pytest.mark.slow
def test_fifty_thousand_findings_open_and_filter(browser: WebDriver, tmp_path: Path) -> None:
    opened(browser, MANY, tmp_path, RenderOptions(sources=lambda _path: ["value = compute_something(one, two)"] * 60))
    status = browser.find_element(By.ID, "status")
    assert status.text == "50000 of 50000 findings shown"
    Select(browser.find_element(By.NAME, "project")).select_by_visible_text("project7")
    assert status.text == "1250 of 50000 findings shown"
    browser.find_element(By.NAME, "text").send_keys("number 44007 ")
    WebDriverWait(browser, PATIENCE).until(lambda _driver: status.text == "1 of 50000 findings shown")
    click(browser, "#open-all")
    row = browser.find_element(By.CSS_SELECTOR, "details[open] li:not([hidden])")
    assert "message number 44007 of many" in row.text
    assert logged(browser, "browser") == []


LUMINANCE = """
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (c) => c.slice(0, 3).map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const back = (e) => {
  for (; e; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c;
  }
  return [255, 255, 255];
};
const low = [];
for (const e of document.querySelectorAll("body *")) {
  const own = Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.textContent.trim());
  if (!own || !e.checkVisibility() || ["SCRIPT", "OPTION"].includes(e.tagName)) continue;
  const style = getComputedStyle(e);
  const front = e.ownerSVGElement ? style.fill : style.color;
  const [a, b] = [light(rgb(front)), light(back(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  if (ratio < 4.5) low.push(`${e.tagName}.${e.className.baseVal ?? e.className} ${ratio.toFixed(2)}`);
}
return low;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_that_wcag_aa_asks_for(browser: WebDriver, tmp_path: Path, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    opened(browser, replace(RICH, edits=(*RICH.edits, replace(RICH.edits[1], written=True))), tmp_path)
    script(browser, "document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    back = script(browser, "return getComputedStyle(document.body).backgroundColor")
    assert back == {"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"}[scheme]
    assert script(browser, LUMINANCE) == []


def test_controls_have_names_and_are_reached_by_the_keyboard(browser: WebDriver, tmp_path: Path) -> None:
    opened(browser, RICH, tmp_path)
    for control in browser.find_elements(By.CSS_SELECTOR, "#filters input, #filters select, #filters button"):
        assert control.accessible_name, control.get_attribute("outerHTML")
    for picture in browser.find_elements(By.TAG_NAME, "svg"):
        assert picture.accessible_name
    seen = set()
    for _press in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        seen.add(script(browser, "return document.activeElement.name || document.activeElement.className"))
    assert {"skip", "severity", "tool", "project", "rule", "text"} <= seen
    box = browser.find_element(By.CSS_SELECTOR, "input[name=severity][value='0']")
    box.send_keys(Keys.SPACE)
    assert visible(browser) == 2


def test_print_shows_closed_files_and_no_form(browser: WebDriver, tmp_path: Path) -> None:
    opened(browser, RICH, tmp_path)
    script(browser, "document.querySelectorAll('details').forEach((e) => { e.open = false; })")
    shown = (
        "return Array.from(document.querySelectorAll('ol.findings > li'))"
        ".filter((e) => e.getBoundingClientRect().height > 0 && e.checkVisibility()).length"
    )
    assert script(browser, shown) == 0
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert script(browser, shown) == 5
        assert not browser.find_element(By.ID, "filters").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_every_rule_is_named_even_where_its_bar_is_shared() -> None:
    page = html.render(MANY, RenderOptions())
    assert "30 other rules" in page and "all 50 rules" in page
    tree = lxml_html.document_fromstring(page)
    assert len(tree.findall(".//section[@aria-labelledby='rules']//tbody/tr")) == 50


def test_units_from_the_cache_are_told_apart() -> None:
    page = html.render(RICH, OPTIONS)
    assert page.count('class="bar cached"') == 1
    assert "6 units, 1 from the cache" in page


def test_units_that_share_an_environment_are_told_apart() -> None:
    unit = RICH.units[2]
    units = (replace(unit, projects=("billing",)), replace(unit, projects=("quiet",)), RICH.units[3])
    for page in (
        html.render(replace(RICH, units=units), OPTIONS),
        html.render(replace(RICH, units=tuple(replace(each, started=0.0, ended=0.0) for each in units)), OPTIONS),
    ):
        assert f"pylint billing in {unit.environment}" in page and f"pylint quiet in {unit.environment}" in page
        assert f"pylint {RICH.units[3].environment}" in page


def test_the_gantt_shows_each_unit_when_it_ran_and_older_reports_show_how_long() -> None:
    rows = lxml_html.document_fromstring(html.render(RICH, OPTIONS)).findall(".//svg[@id='gantt']/rect")
    starts = [float(row.get("x", "")) for row in rows]
    assert len(rows) == len(RICH.units)
    assert starts == sorted(starts)
    whole = max(rows, key=lambda row: float(row.get("width", "")))
    assert whole.findtext("title") == "from 4.40 s to 604.40 s, 9 files"
    timeless = replace(RICH, units=tuple(replace(unit, started=0.0, ended=0.0) for unit in RICH.units))
    page = html.render(timeless, OPTIONS)
    assert 'id="gantt"' not in page and "Seconds of each unit" in page


def test_the_environment_matrix_has_the_versions_of_the_key_packages_with_none_left_out() -> None:
    def table(report: Report) -> list[list[str]]:
        tree = lxml_html.document_fromstring(html.render(report, OPTIONS))
        rows = tree.findall(".//section[@aria-labelledby='environments']//tr")
        return [["".join(map(str, cell.itertext())) for cell in row][5:] for row in rows]

    assert table(RICH) == [["pydantic", "requests"], ["1.9.2", "2.31"], ["2.7", "-"]]
    many = tuple((f"package-{number}", "1") for number in range(10))
    shown = table(replace(RICH, environments=(replace(RICH.environments[0], packages=many),)))
    assert shown[0][-1] == "further packages"
    assert shown[1][-1] == "package-8 1, package-9 1"

"""Somebody in front of the product, and what must hold of every page they see."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sreda.config.management.commands.demo import PASSWORD
from sreda.ui.modes import COOKIE

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs/guide/img"
AXE = ROOT / "frontend/node_modules/axe-core/axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Latin words that Russian readers use as they are.
KNOWN = frozenset(
    re.findall(
        r"\w+",
        """
    csv xlsx json parquet wi fi e mail url html pdf xml id vcard qr excel frictionless data
    package on the web sreda email oidc ok windows chrome chromium linux android ios macos
    safari firefox headless utf cc by oneroster yaml sha totp iso api postgresql apache etag zip
    sdmx xlsform xapi sql wcag aa javascript tab esc enter cdo qti
    """,
    )
)
ROMAN = re.compile(r"[IVXLC]+\Z")
TAKEN_OUT = re.compile(
    r"https?://\S+|\S+@\S+|\S*[\w-]+\.(?:ru|рф|com|org|xlsx|csv|json|parquet|vcf|txt|xml)\b\S*"
    r"|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{8,}\b|\S*[_/]\S*"
    r"|kemerovo-2018|№ 490-r|Chief Data Officer|Creative Commons Attribution"
)
LATIN = re.compile(r"[A-Za-z]{2,}")

# What can be read on the page or heard from it; names of files, codes and other languages are not.
WORDS = """() => {
  const out = [], skip = '[lang]:not(html):not([lang=ru]), [translate=no], code, kbd, pre, '
    + 'script, style, textarea';
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    if (parent && !parent.closest(skip) && node.data.trim()) out.push(node.data.trim());
  }
  for (const e of document.querySelectorAll('[aria-label],[placeholder],[title],[alt]'))
    if (!e.closest(skip)) for (const a of ['aria-label', 'placeholder', 'title', 'alt'])
      if (e.getAttribute(a)) out.push(e.getAttribute(a));
  out.push(document.title);
  return out;
}"""
SHAPE = """() => ({
  lang: document.documentElement.lang, title: document.title.trim(),
  h1: document.querySelectorAll('h1').length,
  main: document.querySelectorAll('main').length,
  nameless: [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => !e.labels?.length && !e.ariaLabel && !e.getAttribute('aria-labelledby'))
    .map(e => e.outerHTML.slice(0, 120)),
})"""
# Container queries and charts follow a new width a frame or two later.
SETTLED = """() => new Promise(done => {
  let left = 20;
  const look = () => {
    const wide = document.documentElement.scrollWidth - innerWidth;
    if (wide > 0 && left--) requestAnimationFrame(look); else done(wide);
  };
  look();
})"""
WIDEST = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .slice(0, 3).map(e => e.outerHTML.slice(0, 100))"""

# Short words and numbers in tables and figures that stand on more than one line; a head that only
# screen readers hear is no matter.
CUT = r"""() => {
  const out = [], range = document.createRange();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    const head = parent?.closest('thead');
    if (!parent?.closest('td, th, .stat') || !parent.checkVisibility()
        || head && getComputedStyle(head).position === 'absolute') continue;
    for (const found of node.data.matchAll(/(?<![\p{L}\d])[\p{L}\d]{2,12}(?![\p{L}\d])/gu)) {
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const lines = new Set([...range.getClientRects()].filter(r => r.width).map(r => r.top));
      if (lines.size > 1) out.push(found[0]);
    }
  }
  return out;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    # Playwright's loop in this thread is not Django's: its checks would refuse the database
    kept = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    expect.set_options(timeout=60_000)  # what is seen, not how quick the machine is
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield started
        started.close()
    if kept is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Visitor:
    """One browser context; `faults` gathers what the pages complained about."""

    def __init__(
        self, browser: Browser, site: str, sessions: dict[str, Any], role: str = "",
        *, width: int = 1440, mode: str = "", **more: Any,
    ) -> None:  # fmt: skip
        self.site, self.role, self.faults = site, role, list[str]()
        more.setdefault("reduced_motion", "reduce")
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, locale="ru-RU",
            storage_state=sessions.get(role), **more,
        )  # fmt: skip
        if mode:
            self.context.add_cookies([{"name": COOKIE, "value": mode, "url": site}])
        self.context.set_default_timeout(90_000)
        self.page = self.context.new_page()
        self.page.on("console", lambda m: m.type == "error" and self.faults.append(m.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        if role and role not in sessions:
            self.sign_in(role)
            sessions[role] = self.context.storage_state()

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        self.open("/account/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", password)
        self.page.click("form[action*=login] button.btn-primary")
        self.page.wait_for_url("**/cabinet/**")

    def open(self, path: str) -> Page:
        answer = self.page.goto(urljoin(self.site + "/", path))
        assert answer
        self.status = answer.status
        return self.page

    @contextmanager
    def refused(self) -> Iterator[None]:
        """What is sent within is refused; the browser's late note of it is no fault."""
        before = self.faults[:]
        yield
        for _ in range(200):
            if len(self.faults) > len(before):
                break
            self.page.wait_for_timeout(50)
        new = self.faults[len(before) :]
        assert new, "nothing was refused"
        assert all("Failed to load resource" in fault for fault in new), new
        self.faults[:] = before

    def links(self) -> list[str]:
        """Addresses of this site that this page leads to, without downloads."""
        found = self.page.eval_on_selector_all(
            "a[href]:not([download]), tr[data-href]",
            "all => all.map(e => e.dataset.href || e.getAttribute('href'))",
        )
        here = self.page.url
        return [u for u in (urljoin(here, f) for f in found) if u.startswith(self.site + "/")]

    def close(self) -> None:
        self.context.close()


def pattern(url: str) -> tuple[str, ...] | None:
    """What kind of page an address is; None for what is no page to visit."""
    parts = urlsplit(url)
    try:
        found = resolve(parts.path)
    except Resolver404:
        return ("unknown", parts.path)
    query = dict(parse_qsl(parts.query))
    downloads = {"export", "template"} & set(query) or (
        "as" in query and found.view_name != "person"
    )
    if found.view_name in NO_PAGES or downloads or re.search(r"\.\w+$", parts.path):
        return None
    if "sort" in query or "page" in query:  # the same page in another order
        return None
    told = [f"{k}={v}" if k in {"view", "table", "show"} else k for k, v in sorted(query.items())]
    slug = [found.kwargs["name"]] if found.view_name == "open_dataset" else []
    return (found.view_name, *slug, *told)


NO_PAGES = {
    "account_logout", "organisation_vcard", "organisations_suggest", "mfa_download_recovery_codes",
    "programme:original", "registry:import_bad", "healthz", "robots", "sitemap",
    "assessment:package_out", "assessment:test_out", "reporting:indicator_values",
    "reporting:form_export",
}  # fmt: skip


def faults_of(page: Page, own: str = "") -> Iterator[str]:
    """What is wrong with the page as it stands; `own` is the visitor's user name."""
    shape = page.evaluate(SHAPE)
    if shape["lang"] != "ru":
        yield f"lang is {shape['lang']!r}"
    if not shape["title"] or shape["title"].startswith("—"):
        yield f"title is {shape['title']!r}"
    if shape["h1"] != 1 or shape["main"] != 1:
        yield f"{shape['h1']} h1, {shape['main']} main"
    if shape["nameless"]:
        yield f"controls without a label: {shape['nameless']}"
    if english := sorted(set(english_in(page.evaluate(WORDS), own))):
        yield f"English: {english[:12]}"
    yield from overflow(page)


def until(page: Page, expression: str, value: Any = None) -> None:
    """Wait for what is true of the page; the browser's own waiting is against the page's policy."""
    end = time.monotonic() + 60
    while not page.evaluate(expression, value):
        assert time.monotonic() < end, f"never: {expression}"
        page.wait_for_timeout(50)


def overflow(page: Page) -> Iterator[str]:
    wide = page.evaluate(SETTLED)
    if wide > 0:
        yield f"{wide} px too wide: {page.evaluate(WIDEST)}"


def cut_words(page: Page) -> Iterator[str]:
    if cut := page.evaluate(CUT):
        yield f"words cut: {sorted(set(cut))[:12]}"


def english_in(texts: list[str], own: str) -> Iterator[str]:
    for text in texts:
        for word in LATIN.findall(TAKEN_OUT.sub(" ", text)):
            if word.lower() not in KNOWN | {own} and not ROMAN.match(word):
                yield f"{word} ({text[:60]})"


# What is folded has no colours yet: browsers leave its styles for when it is opened.
FAULTS = """async () => {
  const found = (await axe.run({resultTypes: ['violations']})).violations;
  const folded = (node) =>
    document.querySelector(node.target[0])?.closest('details:not([open]) > :not(summary)');
  for (const one of found) {
    if (one.id === 'color-contrast') one.nodes = one.nodes.filter((node) => !folded(node));
  }
  return found.filter((one) => one.nodes.length);
}"""


def access_faults(page: Page) -> list[str]:
    """axe's serious and critical violations. It is evaluated, not loaded: the policy stays."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(FAULTS)
    return [
        f"{v['id']}: {node['html'][:140]} {node['failureSummary'][:160]}"
        for v in found
        if v["impact"] in {"serious", "critical"}
        for node in v["nodes"][:3]
    ]


# Where a line ends within a Russian word without a hyphen: [word, place].
PARTED = r"""() => {
  const out = [], range = document.createRange();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode, parent = node.parentElement;
    const head = parent?.closest('thead');
    if (!parent?.checkVisibility() || parent.closest('.visually-hidden, .skip, [translate=no]')
        || head && getComputedStyle(head).position === 'absolute') continue;
    for (const found of node.data.matchAll(/[а-яё\u00ad]{7,}/gi)) {
      let above = null;
      for (let at = 0; at < found[0].length; at++) {
        if (found[0][at] === '\u00ad') continue;
        range.setStart(node, found.index + at);
        range.setEnd(node, found.index + at + 1);
        const box = [...range.getClientRects()].at(-1);
        if (!box?.width) continue;
        if (above !== null && box.top > above + 8 && found[0][at - 1] !== '\u00ad')
          out.push(found[0].replaceAll('\u00ad', '') + ' before letter ' + (at + 1));
        above = box.top;
      }
    }
  }
  return [...new Set(out)].slice(0, 10);
}"""

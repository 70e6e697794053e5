"""Checks pages written by report_html with parsers that know nothing of how they were made: check.py PAGE..."""
import html.parser
import json
import re
import sys
import xml.etree.ElementTree as ET

VOID = {"meta", "input", "br", "link", "img", "hr"}
FORBIDDEN = ("link", "img", "iframe", "object", "embed", "base", "foreignobject")


class Strict(html.parser.HTMLParser):
    """Every element closed in order, no duplicate id or attribute, no handler or foreign resource."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.problems, self.labels = [], set(), [], set()

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        values = dict(attrs)
        if len(set(names)) != len(names):
            self.problems.append(f"{tag}: duplicate attribute in {names}")
        if "id" in values:
            if values["id"] in self.ids:
                self.problems.append(f"duplicate id {values['id']}")
            self.ids.add(values["id"])
        for name in ("for", "aria-labelledby", "aria-describedby"):
            self.labels.update((values.get(name) or "").split())
        for name in names:
            if name in ("src", "srcset", "data", "action", "xlink:href") or name.startswith("on"):
                self.problems.append(f"{tag}: forbidden attribute {name}")
            if name == "href" and tag != "a":
                self.problems.append(f"{tag}: loads {values[name]}")
        if tag in FORBIDDEN:
            self.problems.append(f"forbidden element {tag}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else at {self.getpos()}")


def problems_of(text):
    strict = Strict()
    strict.feed(text)
    strict.close()
    out = list(strict.problems)
    out += [f"not closed: {strict.open}"] if strict.open else []
    out += [f"label without its element: {x}" for x in strict.labels - strict.ids]

    # plotly.js is no XML. It names addresses that it never asks for: the policy in the head forbids it, and
    # tests/browser watches.
    text = re.sub(r'(?<=<script id="plotly">).*?(?=</script>)', "", text, flags=re.DOTALL)
    root = ET.fromstring(text)  # raises where the page is not well-formed XML
    for drawing in root.iter("div"):
        if drawing.get("role") == "img":
            words = root.find(f".//p[@id='{drawing.get('aria-describedby')}']")
            if not drawing.get("aria-label") or words is None or not (words.text or "").strip():
                out.append("a figure without a title or without its description")
    inside = re.sub(r'<a href="https://arxiv\.org/[^"]*">', "", text)
    if re.search(r"https?:|//[a-z0-9.-]+\.[a-z]|@import|url\(|\beval\b|new Function", inside):
        out.append("the page speaks of something outside itself")
    for script in root.iter("script"):
        if script.get("type") == "application/json":
            json.loads(script.text, parse_constant=lambda c: out.append(f"{c} in the data"))
    return out


def main(pages):
    bad = 0
    for page in pages:
        with open(page, encoding="utf-8") as file:
            text = file.read()
        try:
            problems = problems_of(text)
        except Exception as error:  # a page that breaks its parser is the finding
            problems = [f"{type(error).__name__}: {error}"]
        for problem in problems:
            print(f"{page}: {problem}")
        bad += len(problems)
    return 1 if bad or not pages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

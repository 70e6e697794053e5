"""Checks pages written by report_html with parsers that know nothing of how they were made: check.py PAGE..."""
import html.parser
import json
import re
import sys
import xml.etree.ElementTree as ET

NUMBER = r"-?\d+(\.\d+)?"
PATH = re.compile(rf"(?:[ML]{NUMBER} {NUMBER}(?:h0)?)+")
LENGTH = re.compile(rf"{NUMBER}(%|em)?")
LENGTHS = ("x", "y", "x1", "x2", "y1", "y2", "dx", "dy", "width", "height", "cx", "cy", "r")
VOID = {"meta", "input", "br", "link", "img", "hr"}


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
        for name in ("for", "aria-labelledby"):
            self.labels.update((values.get(name) or "").split())
        for name in names:
            if name in ("src", "srcset", "data", "action", "xlink:href") or name.startswith("on"):
                self.problems.append(f"{tag}: forbidden attribute {name}")
            if name == "href" and tag != "a":
                self.problems.append(f"{tag}: loads {values[name]}")
        if tag in ("link", "img", "iframe", "object", "embed", "base", "foreignobject"):
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

    root = ET.fromstring(text)  # raises where the page is not well-formed XML
    for svg in root.iter("svg"):
        if svg.get("role") == "img" and (svg.find("title") is None or not (svg.findtext("desc") or "").strip()):
            out.append("a chart without title or desc")
        for element in svg.iter():
            for name, value in element.attrib.items():
                if name in LENGTHS and not LENGTH.fullmatch(value):
                    out.append(f"{element.tag} {name}={value!r}")
                if element.tag == "path" and name == "d" and element.get("class") in ("line", "dots"):
                    if value != "M1 5L27 5" and not PATH.fullmatch(value):
                        out.append(f"path {value[:80]!r}")
    outside_links = re.sub(r'<a href="https://arxiv\.org/[^"]*">', "", text)
    if re.search(r"https?:|//[a-z0-9.-]+\.[a-z]|@import|url\(|\beval\b|new Function", outside_links):
        out.append("the page speaks of something outside itself")
    for script in root.iter("script"):
        if script.get("type") == "application/json":
            data = json.loads(script.text, parse_constant=lambda c: out.append(f"{c} in the data"))
            if any(len(curve) != len(data["steps"]) for curve in data["values"]):
                out.append("read-out curves of different length")
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

"""A strict reader of HTML: tags must nest, and what a reader sees can be asked for."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "hr", "img", "link", "input", "col", "source"}


class Page(HTMLParser):
    """Parse a page; refuse tags that do not nest."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.source = source
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1] == tag, f"</{tag}> closes <{self._open[-1]}>"
        self._open.pop()

    def handle_data(self, data):
        if not {"style", "script"} & set(self._open):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a reader sees, blanks joined."""
        return re.sub(r"\s+", " ", " ".join(self.words)).strip()

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Attributes of every tag of a name."""
        return [attrs for name, attrs in self.tags if name == tag]

    @property
    def addresses(self) -> list[str]:
        """Whatever the page would load from elsewhere."""
        loads = [
            v
            for _, attrs in self.tags
            for k, v in attrs.items()
            if k in ("src", "href", "action", "data", "xlink:href")
        ]
        return [v for v in loads if v] + re.findall(r"https?://[^\s\"'<]+|url\(|@import", self.source)

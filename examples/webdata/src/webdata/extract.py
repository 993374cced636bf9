"""What stands in a page: its main text by trafilatura, the rest by lxml."""

import codecs
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import trafilatura
from lxml import etree, html
from trafilatura.metadata import extract_metadata
from trafilatura.utils import decode_file

from webdata.problems import Problem

LINKS_MAX: Final = 500
TABLES_MAX: Final = 50
ROWS_MAX: Final = 500

_METADATA = ("author", "date", "description", "sitename", "tags")
_LANGUAGE = (
    "string(/html/@lang)",
    "string(//meta[@http-equiv='content-language']/@content)",
)


def extract(content: bytes, url: str | None, charset: str | None = None) -> dict[str, Any]:
    """The page as data: url, title, language, markdown, links, tables, metadata.

    Links are absolute where `url` or the page says against what; without it
    they stand as written. Raises Problem where `content` holds no page.
    """
    text = _decoded(content, charset)
    tree = _parsed(text)
    found = extract_metadata(tree, default_url=url, extensive=False)
    title = _words(tree.xpath("string(//title)")) or found.title
    return {
        "url": url,
        "title": title or None,
        "language": _language(tree),
        "markdown": _markdown(text, url),
        "links": _links(tree, url),
        "tables": _tables(tree),
        "metadata": {name: getattr(found, name, None) or None for name in _METADATA},
    }


def _decoded(content: bytes, charset: str | None) -> str:
    try:
        return (
            content.decode(codecs.lookup(charset).name) if charset else decode_file(content)
        )
    except (LookupError, UnicodeDecodeError):
        return decode_file(content)


def _parsed(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8")
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        raise Problem(
            422, "no_page", "body", "holds no HTML", "send the text of a page"
        ) from None


def _markdown(text: str, url: str | None) -> str:
    found = trafilatura.extract(
        text, url=url, output_format="markdown", favor_recall=True, with_metadata=False
    )
    return found or ""


def _language(tree: html.HtmlElement) -> str | None:
    for path in _LANGUAGE:
        told = str(tree.xpath(path)).strip()
        if told:
            return told
    return None


def _links(tree: html.HtmlElement, url: str | None) -> list[dict[str, str]]:
    base = _base(tree, url or "")
    links: dict[str, str] = {}
    for anchor in tree.iter("a"):
        target = _target(base, anchor.get("href", "").strip())
        if target and target not in links:
            links[target] = _words(anchor.text_content())
        if len(links) == LINKS_MAX:
            break
    return [{"url": target, "text": text} for target, text in links.items()]


def _base(tree: html.HtmlElement, url: str) -> str:
    try:
        return urljoin(url, str(tree.xpath("string(//base/@href)")))
    except ValueError:
        return url


def _target(base: str, href: str) -> str | None:
    if not href or href.startswith("#"):
        return None
    try:
        target = urljoin(base, href)
        return target if urlsplit(target).scheme in ("http", "https", "") else None
    except ValueError:
        return None


def _tables(tree: html.HtmlElement) -> list[dict[str, Any]]:
    """Each table with its caption and the words of its cells, row by row."""
    tables = []
    for table in tree.xpath(f"(//table[not(.//table)])[position() <= {TABLES_MAX}]"):
        rows = [
            [_words(cell.text_content()) for cell in row.xpath("./th | ./td")]
            for row in table.xpath(f"(.//tr)[position() <= {ROWS_MAX}]")
        ]
        caption = _words(str(table.xpath("string(./caption)")))
        tables.append({"caption": caption or None, "rows": [row for row in rows if row]})
    return tables


def _words(text: str) -> str:
    return " ".join(text.split())

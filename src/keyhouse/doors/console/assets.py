"""Static files: read once at start, named by their content, kept by browsers for ever."""

import gzip
import logging
import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

FOLDER: Final = Path(__file__).parent / "static"
ROOT: Final = "/assets"
STYLES: Final = "console.css"
SCRIPT: Final = "console.js"
_KINDS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_PACKED: Final = (".css", ".js", ".svg")
_LINK: Final = re.compile(r'url\("([a-z0-9./-]+)"\)')
_FOREVER: Final = "public, max-age=31536000, immutable"

_log = logging.getLogger(__name__)


class Asset(NamedTuple):
    """A file as it is sent; `packed` is its gzip where that is worth it."""

    body: bytes
    packed: bytes | None
    kind: str
    mark: str


class Assets:
    """All static files of a folder, by their path in it.

    The stylesheets in `css` are joined into one, and the scripts in `js`, in
    order of name; what a stylesheet links to gets its full address.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._files = {name: _asset(name, body) for name, body in _plain(folder)}
        linked = _LINK.sub(self._linked, _joined(folder / "css"))
        self._files[STYLES] = _asset(STYLES, linked.encode())
        self._files[SCRIPT] = _asset(SCRIPT, _joined(folder / "js").encode())
        if "vendor/htmx.js" not in self._files:
            _log.warning("the console's scripts and icons are missing: run `make assets`")

    def url(self, name: str) -> str:
        """The address of a file; of one that was not built, one that gives 404."""
        asset = self._files.get(name)
        return f"{ROOT}/{asset.mark if asset else 'missing'}/{name}"

    def answer(self, request: Request, mark: str, name: str) -> Response:
        """The file, if it is there with that very content."""
        asset = self._files.get(name)
        if asset is None or asset.mark != mark:
            return Response("There is no such file.\n", 404, media_type="text/plain")
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        body = asset.body
        if asset.packed is not None and _takes_gzip(request.headers):
            headers["Content-Encoding"] = "gzip"
            body = asset.packed
        return Response(body, headers=headers, media_type=asset.kind)

    def _linked(self, link: re.Match[str]) -> str:
        return f'url("{self.url(link[1])}")'


def _joined(folder: Path) -> str:
    return "\n".join(file.read_text("utf-8") for file in sorted(folder.iterdir()))


def _plain(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if file.suffix in _KINDS and not name.startswith(("css/", "js/")):
            yield name, file.read_bytes()


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    packed = gzip.compress(body, mtime=0) if suffix in _PACKED else None
    mark = blake2b(body, digest_size=8).hexdigest()
    return Asset(body, packed, _KINDS[suffix], mark)


def _takes_gzip(headers: Mapping[str, str]) -> bool:
    offered = headers.get("accept-encoding", "").lower().replace(" ", "").split(",")
    return "gzip" in offered

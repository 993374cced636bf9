"""Real pages to try the service with: documentation out of an installed wheel.

`python -m webdata.pages --port 3001` serves them over HTTP.
"""

import argparse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
        """Say nothing of single requests."""


def pages_dir() -> Path:
    """The folder that is served: the documentation inside the pygame-ce wheel.

    The package is found and not imported. Raises FileNotFoundError where it
    is not installed (extra `pages`).
    """
    spec = find_spec("pygame")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "docs" / "generated"
        if folder.is_dir():
            return folder
    raise FileNotFoundError("no pages: install webdata with its extra 'pages'")


def find_pages() -> list[Path]:
    """All reference and tutorial pages, in the order of their names."""
    folder = pages_dir()
    return sorted([*folder.glob("ref/*.html"), *folder.glob("tutorials/en/*.html")])


def url_path(page: Path) -> str:
    """Where the server has one of `find_pages`, as `/ref/time.html`."""
    return "/" + page.relative_to(pages_dir()).as_posix()


def make_server(port: int = 0) -> ThreadingHTTPServer:
    """A server of the pages on this machine's loopback; port 0 takes a free one."""
    handler = partial(_Quiet, directory=str(pages_dir()))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="webdata.pages", description=__doc__)
    parser.add_argument("--port", type=int, default=3001)
    with make_server(parser.parse_args().port) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()

"""Starts the service: `python -m webdata --port 3000`."""

import argparse

import uvicorn

from webdata.app import create_app


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="webdata", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    parser.add_argument(
        "--allow-private",
        action="store_true",
        help="fetch from private and loopback addresses too",
    )
    options = parser.parse_args()
    app = create_app(allow_private=options.allow_private)
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()

"""What is told of the running: lines on stderr, for people or as JSON, no secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from keyhouse.doors.cli.unblocked import UnblockedHandler

_SECRET = re.compile(
    r"([a-z][a-z0-9]{1,15}_(?:[sp]k_(?:live|test)|mk)_)[0-9A-Za-z]{32}([0-9A-Za-z]{4})"
)
_QUIET = ("alembic", "httpx", "httpcore", "uvicorn")


def configure(level: str, form: str) -> None:
    """Send all logging to stderr, from `level` up, as `text` or `json`.

    A secret of ours in a line or traceback is cut down to its hint.
    """
    steps: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if form != "json":
        last = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    handler = UnblockedHandler(sys.stderr.fileno())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=steps,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The event with each secret in its texts cut down to its hint."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _SECRET.sub(r"\1…\2", value)
    return event

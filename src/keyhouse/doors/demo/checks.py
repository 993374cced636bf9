"""What an answer must hold, besides its status."""

from collections.abc import Callable

import httpx

from keyhouse.core.secret import Secret

Check = Callable[[httpx.Response], str | None]
"""Gives the step's detail, or None where the answer is not what it should be."""


def named(answer: httpx.Response) -> str | None:
    """It has an id, which is told."""
    return str(answer.json()["id"])


def shown(answer: httpx.Response) -> str | None:
    """The key's secret is there; told is its hint alone."""
    secret = answer.json().get("secret")
    return f"{answer.json()['id']} {Secret(secret).hint}" if secret else None


def without(secret: str) -> Check:
    """No trace of the secret; told is the hint."""
    return lambda answer: None if secret in answer.text else str(answer.json()["hint"])


def replayed(id: str) -> Check:
    """The same key, and `secret` is null."""

    def check(answer: httpx.Response) -> str | None:
        body = answer.json()
        kept = body["secret"] is None and body["secret_already_shown"] is True
        return "secret_already_shown" if kept and body["id"] == id else None

    return check


def title(answer: httpx.Response) -> str | None:
    """Structured data out of a real page: its title, and that there is more."""
    page = answer.json()
    whole = page["title"] and page["markdown"] and page["links"]
    return f"“{page['title']}”, {len(page['links'])} links" if whole else None


def problem(code: str) -> Check:
    """It is the problem with this code."""
    return lambda answer: code if answer.json()["code"] == code else None


def wait(code: str) -> Check:
    """It is the problem with this code, and says how long to wait."""

    def check(answer: httpx.Response) -> str | None:
        seconds = answer.headers.get("Retry-After", "")
        told = answer.json()["code"] == code and seconds.isdigit()
        return f"{code}: wait {seconds} s" if told else None

    return check

"""Code that calls an API with a key: each piece runs as it is pasted.

Each uses only what the language brings along, so that nothing needs to be
installed first, and prints the status before the body.
"""

import json
import shlex
from typing import Final, NamedTuple

_PLACE: Final = "secret"


class Call(NamedTuple):
    """One call that a key can make. `referrer` is a page that it may come from."""

    method: str
    address: str
    header: str
    secret: str
    referrer: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the call."""
        page = {"Referer": self.referrer} if self.referrer else {}
        return {self.header: self.secret, **page}


class Snippet(NamedTuple):
    """A piece of code under the name of what it is for."""

    id: str
    label: str
    text: str


def snippets(call: Call, slug: str, base: str) -> tuple[Snippet, ...]:
    """The same call for a shell, Python and JavaScript, and a file of settings.

    `base` is the API's own address at the gateway, for the settings.
    """
    return (
        Snippet("curl", "curl", curl(call)),
        Snippet("python", "Python", python(call)),
        Snippet("javascript", "JavaScript", javascript(call)),
        Snippet("env", ".env", dotenv(slug, base, call.secret)),
    )


def curl(call: Call) -> str:
    """A line for a POSIX shell."""
    words = ["curl"]
    if call.method != "GET":
        words += ["-X", call.method]
    for name, value in call.headers.items():
        words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, call.address])


def curl_with_setting(call: Call, slug: str) -> str:
    """The line for a shell that has read the settings, for a secret shown before."""
    return curl(call._replace(secret=_PLACE)).replace(
        f"'{call.header}: {_PLACE}'", f'"{call.header}: ${_name(slug)}_API_KEY"'
    )


def python(call: Call) -> str:
    """A program for any Python 3, or lines for its prompt."""
    method = "" if call.method == "GET" else f", method={json.dumps(call.method)}"
    return "\n".join(
        (
            "from urllib.request import Request, urlopen",
            "",
            f"url = {json.dumps(call.address)}",
            f"headers = {json.dumps(call.headers)}",
            f"answer = urlopen(Request(url, headers=headers{method}))",
            "print(answer.status, answer.read().decode())",
        )
    )


def javascript(call: Call) -> str:
    """A program for Node.js, or lines for a browser's console.

    A browser sets the referrer by itself and lets no script do so.
    """
    options: dict[str, object] = {"headers": {call.header: call.secret}}
    if call.method != "GET":
        options = {"method": call.method, **options}
    return "\n".join(
        (
            f"const url = {json.dumps(call.address)};",
            f"const options = {json.dumps(options)};",
            "fetch(url, options).then(async (answer) => {",
            "  console.log(answer.status, await answer.text());",
            "});",
        )
    )


def dotenv(slug: str, base: str, secret: str) -> str:
    """Settings in the form `NAME=value`, named after the API."""
    name = _name(slug)
    return f"{name}_URL={base}\n{name}_API_KEY={secret}"


def _name(slug: str) -> str:
    return slug.upper().replace("-", "_")

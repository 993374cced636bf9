"""Settings that are wrong stop the start, by name."""

from typing import Any

import pytest

from keyhouse import settings
from keyhouse.settings import SettingsError


def _load(**flags: Any) -> settings.Settings:
    return settings.load({name.replace("__", "."): of for name, of in flags.items()}, {})


@pytest.mark.parametrize(
    "url",
    ["", "smtp://mail", "smtp://a:b@mail.example:587", "smtps://a%40b:c%3A@[::1]:465/"],
)
def test_a_mail_server_is_named_by_its_address(url: str) -> None:
    assert _load(mail__url=url).mail.url == url


@pytest.mark.parametrize(
    "url",
    [
        "mail.example",
        "http://mail",
        "smtp://",
        "smtp://mail:x",
        "smtp://mail/path",
        "smtp://geheim@",
        "smtp://mail?tls=off",
    ],
)
def test_any_other_address_is_refused_and_not_repeated(url: str) -> None:
    """It may hold a password, and the error goes to a terminal or a log."""
    with pytest.raises(SettingsError, match=r"^mail\.url \(from flags\)") as refused:
        _load(mail__url=url)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("sender", ["keys@example.com", "Keys <keys@example.com>"])
def test_mails_are_from_one_address(sender: str) -> None:
    assert _load(mail__sender=sender).mail.sender == sender


@pytest.mark.parametrize("sender", ["", "Keys", "Keys <keys@example.com>\nBcc: x@y"])
def test_any_other_sender_is_refused(sender: str) -> None:
    with pytest.raises(SettingsError, match=r"^mail\.sender"):
        _load(mail__sender=sender)


def test_sign_up_is_one_of_three() -> None:
    assert _load().management.sign_up == "closed"
    assert _load(management__sign_up="open").management.sign_up == "open"
    with pytest.raises(SettingsError, match=r"^management\.sign_up"):
        _load(management__sign_up="sometimes")

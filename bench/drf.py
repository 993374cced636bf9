"""How long djangorestframework-api-key needs to check a key, as its users have it.

`python -m bench.drf` prints `{"us": …}`: `HasAPIKey().has_permission` on a
request of Django REST framework, one key among a hundred in SQLite.
"""

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

RUNS: Final = 15
CALLS: Final = 200
KEYS: Final = 100


def _set_up(folder: Path) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="of a measurement",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "rest_framework",
            "rest_framework_api_key",
        ],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "keys.sqlite3"),
            }
        },
        USE_TZ=True,
    )
    django.setup()


def measure(folder: Path, runs: int = RUNS, keys: int = KEYS) -> float:
    """Microseconds a check, the median of the runs."""
    _set_up(folder)
    from django.core.management import call_command
    from django.db import transaction
    from rest_framework.request import Request
    from rest_framework.test import APIRequestFactory
    from rest_framework_api_key.models import APIKey
    from rest_framework_api_key.permissions import HasAPIKey

    call_command("migrate", verbosity=0)
    with transaction.atomic():
        secrets = [APIKey.objects.create_key(name=f"key {n}")[1] for n in range(keys)]
    factory, permission = APIRequestFactory(), HasAPIKey()

    def asked(secret: str) -> Any:
        return Request(factory.get("/items/7", HTTP_AUTHORIZATION=f"Api-Key {secret}"))

    request, stranger = asked(secrets[keys // 2]), asked(secrets[0][:-1] + "_")
    if permission.has_permission(stranger, None):
        raise AssertionError("a wrong key passes")
    told = []
    for _ in range(runs + 2):
        began = time.thread_time_ns()
        for _ in range(CALLS):
            if not permission.has_permission(request, None):
                raise AssertionError("the key does not pass")
        told.append((time.thread_time_ns() - began) / CALLS / 1000)
    return statistics.median(told[2:])


def main() -> None:
    """Measure and tell."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps({"us": measure(Path(folder))}))


if __name__ == "__main__":
    main()

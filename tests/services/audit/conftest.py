from tests.services.webhooks.conftest import post

__all__ = ["post"]

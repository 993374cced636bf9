"""`KeyhouseMiddleware`: Keyhouse around a whole ASGI application."""

from keyhouse.doors.guard.asgi import KeyhouseMiddleware

__all__ = ["KeyhouseMiddleware"]

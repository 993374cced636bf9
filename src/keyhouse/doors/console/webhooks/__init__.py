"""Webhooks in the console: what its pages tell of endpoints and deliveries."""

"""Subscriptions in the console: what its pages tell of them."""

"""Writes the client's types from the management API's own document."""

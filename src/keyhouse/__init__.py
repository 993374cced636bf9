"""Keyhouse: API keys for the people who offer an HTTP API and those who call it."""

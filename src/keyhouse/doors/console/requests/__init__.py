"""The request log in the console: why a request was refused."""

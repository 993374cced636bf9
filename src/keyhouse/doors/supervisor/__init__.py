"""Keeps processes running: the sockets are its own, so a restart refuses no one."""

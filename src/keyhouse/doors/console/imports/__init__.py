"""Imports in the console: the form of a small file, and what its pages tell."""

"""Concrete technologies behind the ports; one folder each."""

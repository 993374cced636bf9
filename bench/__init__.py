"""Keyhouse side by side with its peers, on this machine, in one run."""

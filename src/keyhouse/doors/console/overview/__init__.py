"""The overview in the console: a day in bars, what changed, what needs a hand."""

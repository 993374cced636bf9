"""What a key is and when it opens: pure functions and slotted values.

Nothing in this package does I/O, knows a framework, reads a clock or makes a
random number: `now_us`, entropy, keyrings and time zones are arguments.
"""

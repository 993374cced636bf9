"""The command line: words in, words or JSON out, and no logic of its own."""

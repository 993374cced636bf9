"""Plans in the console: what its pages tell of them, and what their form comes to."""

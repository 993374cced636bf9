"""Users of applications in the console: who calls most, and tokens taken back."""

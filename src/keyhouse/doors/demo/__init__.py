"""The story of an API behind Keyhouse, played through the public doors only."""

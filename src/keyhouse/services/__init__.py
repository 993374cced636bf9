"""What Keyhouse does, one folder a capability; knows core and ports only."""

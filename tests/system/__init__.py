"""What needs processes that die, servers or a browser."""

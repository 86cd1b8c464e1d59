"""The `dateline` command."""


def main() -> None:
    """Run the command line."""
    raise SystemExit("dateline: not built yet")

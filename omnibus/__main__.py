"""Run the command line: `python -m omnibus`."""

import sys


def main() -> None:
    """Serve a role, or hand over to the command line."""
    # A served process must not carry the command line's imports: it patches the standard library.
    if sys.argv[1:2] == ["serve"] and len(sys.argv) == 3 and not sys.argv[2].startswith("-"):
        from omnibus.serve import serve

        sys.exit(serve(sys.argv[2]))
    from omnibus.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()

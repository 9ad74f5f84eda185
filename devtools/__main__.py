"""Translates the command line into one call; see `run.py` for the verbs."""

import argparse
import sys

from devtools import stopping
from devtools.problem import Problem


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.py")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="start the portal with demo data")
    up.add_argument("--port", type=int, help="this port and no other (default: 8000 or a free one)")
    up.add_argument("--fresh", action="store_true", help="empty the portal's own data first")
    verbs.add_parser("test", help="run every check and every test", add_help=False)
    verbs.add_parser("bench", help="run the benchmarks", add_help=False)
    options, others = parser.parse_known_args()

    # However we are asked to end, what we started is ended first, by the same `finally` clauses.
    stopping.heed()
    # Each verb imports only what it needs: three seconds is all that a warm `up` has.
    try:
        if options.verb == "up":
            if others:
                parser.error(f"unrecognized arguments: {' '.join(others)}")
            from devtools import up as verb_up

            return verb_up.up(port=options.port, fresh=options.fresh)
        from devtools import trial

        if options.verb == "test":
            return trial.test(pytest_arguments=others)
        return trial.bench(arguments=others)
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())

"""Writes `requirements/` anew from pyproject.toml: `python -m devtools.lock [--upgrade]`.

The one thing that needs uv. Each lock is held to the one it contains, so that a package has the
same version in all three; a test keeps addresses out of them.
"""

import subprocess
import sys

from devtools.state import ROOT

LOCKS = {
    "production": (),
    "local": ("--extra=local", "--constraints=requirements/production.txt"),
    "test": ("--extra=local", "--extra=test", "--constraints=requirements/local.txt"),
}
OPTIONS = ("--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--quiet")


def main() -> None:
    for name, own in LOCKS.items():
        output = f"--output-file=requirements/{name}.txt"
        command = ("uv", "pip", "compile", "pyproject.toml", *OPTIONS, *own, output, *sys.argv[1:])
        subprocess.run(command, cwd=ROOT, check=True)


if __name__ == "__main__":
    main()

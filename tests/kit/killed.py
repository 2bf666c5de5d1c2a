"""Runs the command line and kills it, as a machine that dies, at a function: tests.kit.killed MODULE NAME …."""

import importlib
import os
import signal
import sys

from api.cli.main import app


def main():
    module, name, *arguments = sys.argv[1:]
    where = importlib.import_module(module)
    for part in name.split(".")[:-1]:
        where = getattr(where, part)
    setattr(where, name.split(".")[-1], lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    app(arguments)


if __name__ == "__main__":
    main()

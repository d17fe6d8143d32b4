#!/usr/bin/env python3
"""Django's manage.py, which also works on a machine that has nothing but Python.

    python3 manage.py up      install into .venv, start the database, migrate, serve
    python3 manage.py test    install into .venv, run the tests

Every other command does the same set-up first. An environment of your own that has
Django is used as it is; DAYBOOK_VENV=off says so for one that is not a virtual one.
"""
# Old Pythons must be able to read this file and config/bootstrap.py, to say what is missing.

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
# A process for each core, of which more than four would only wait for the disk.
ALL_TESTS = ["-q", "-n", "auto", "--maxprocesses", "4"]


def main() -> None:
    if os.name == "nt":
        sys.exit("On Windows, run Daybook in the Windows Subsystem for Linux.")
    from config import bootstrap

    arguments = sys.argv[1:]
    command = arguments[0] if arguments else "help"
    bootstrap.enter_environment(ROOT, ("embedded", "dev") if command == "test" else ("embedded",))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command == "test":
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "pytest", *(arguments[1:] or ALL_TESTS)])
    if command == "up":
        from config.up import main as up

        sys.exit(up(arguments[1:]))
    from config import local

    sys.exit(local.run_command(sys.argv))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Run the scenarios of scenarios.txt against a server and print what was observed, as a stable text.

    run_reference.py [--server COMMAND] [--only PATTERN]... [--without EVENT]... [--jobs N]

Two runs print the same text, also on two versions of CPython, except for what really differs. COMMAND is any
program with the command line and the event lines of reference_server.py; without it, that one is run
with this interpreter. Exit status 1 if a case hung or broke off.
"""

import shlex
import sys

from harness import REFERENCE_SERVER, argument_parser, run_cases


def main():
    parser = argument_parser(__doc__)
    parser.add_argument("--server", help="command of the server to observe, default: the CPython one")
    arguments = parser.parse_args()
    command = shlex.split(arguments.server) if arguments.server else REFERENCE_SERVER
    status = 0
    for (name, mixin), lines in run_cases(command, arguments.only or ["*"], arguments.without, arguments.jobs):
        print("[%s %s]" % (name, mixin))
        for line in lines:
            print(line, flush=True)
            if line.startswith("broken "):
                status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Run the scenarios against CPython and against another server, and compare what was observed.

    compare.py --server COMMAND [--only PATTERN]... [--without EVENT]... [--jobs N]

COMMAND is a program with the command line and the event lines of reference_server.py. The differences that
expected_differences.txt lists must be there; any other is a failure and is shown as a diff. The exit
status is 1 then. Leave out events that the other server has no hook for: --without "hook finish_request".
"""

import collections
import difflib
import fnmatch
import os
import shlex
import sys

from harness import HERE, MIXINS, REFERENCE_SERVER, argument_parser, read_scenarios, run_cases

Rule = collections.namedtuple("Rule", "scenario mixins kind text")


def read_rules():
    """Parse expected_differences.txt; its head describes the columns."""
    with open(os.path.join(HERE, "expected_differences.txt")) as file:
        # The rows of the porting guide, in brackets, are for people, and for the test that they are there.
        rows = [line.split(None, 3) for line in file if line.strip() and line[0] not in "#["]
    rules = []
    cases = {scenario.name: scenario.mixins for scenario in read_scenarios()}
    for scenario, mixins, kind, text in rows:
        mixins = MIXINS if mixins == "all" else mixins.split(",")
        if kind not in ("-", "+", "=") or not set(mixins) <= set(cases.get(scenario, ())):
            sys.exit("expected_differences.txt: no such case or kind: %s %s %s" % (scenario, mixins, kind))
        rules.append(Rule(scenario, mixins, kind, text.strip()))
    return rules


def without_expected(lines, patterns, whose):
    """Leave out the lines that match; a pattern that no line matches is a fault, told as a line."""
    kept = [line for line in lines if not any(fnmatch.fnmatchcase(line, pattern) for pattern in patterns)]
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(line, pattern) for line in lines):
            kept.append("(no line of %s matches %s)" % (whose, pattern))
    return kept


def judge(case, rules, observed, other):
    """Return a verdict (passed, failed) and the diff of what was not expected."""
    name, mixin = case
    rules = [rule for rule in rules if rule.scenario == name and mixin in rule.mixins]
    reference = observed[case]
    for rule in rules:
        if rule.kind == "=":
            reference = observed[rule.text, mixin]
    reference = without_expected(reference, [rule.text for rule in rules if rule.kind == "-"], "CPython")
    other = without_expected(other, [rule.text for rule in rules if rule.kind == "+"], "the other server")
    if reference == other and not any(line.startswith("broken ") for line in other):
        return "passed", []
    diff = list(difflib.unified_diff(reference, other, "CPython", "the other server", n=2, lineterm=""))
    return "failed", diff


def main():
    parser = argument_parser(__doc__)
    parser.add_argument("--server", required=True, help="command of the server to compare with CPython's")
    arguments = parser.parse_args()
    rules = read_rules()
    only = arguments.only or ["*"]
    needed = only + [rule.text for rule in rules if rule.kind == "="]
    observed = dict(run_cases(REFERENCE_SERVER, needed, arguments.without, arguments.jobs))
    count = collections.Counter()
    for case, other in run_cases(shlex.split(arguments.server), only, arguments.without, arguments.jobs):
        verdict, diff = judge(case, rules, observed, other)
        count[verdict] += 1
        print("%s %s %s" % ((verdict,) + case))
        for line in diff or ["broken"] * (verdict == "failed"):
            print("    " + line, flush=True)
    print("%d passed, %d failed" % (count["passed"], count["failed"]))
    return 1 if count["failed"] or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the scenarios against a server and returns what was observed, as lines that don't vary.

The rules by which racy things are made stable are in README.md ("Normalisation") and, where they are applied,
in `normalised` below.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
# Without what is installed besides Python itself: nothing of it is used, and hundreds of processes would search it.
PYTHON = [sys.executable, "-S"]
REFERENCE_SERVER = [*PYTHON, os.path.join(HERE, "reference_server.py")]
# Only a guard against hanging for ever: no scenario relies on its value.
GUARD_SECONDS = 120

MIXINS = ["sequential", "threading", "forking"]
Scenario = collections.namedtuple("Scenario", "name transport mixins handler fail_in client options")


def read_scenarios():
    """Parse scenarios.txt; its head describes the columns."""
    with open(os.path.join(HERE, "scenarios.txt")) as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    for name, transport, mixins, handler, fail_in, client, options in rows:
        mixins = MIXINS if mixins == "all" else mixins.split(",")
        pairs = [option.partition("=") for option in options.split(",") if option != "-"]
        options = {key: value for key, _, value in pairs}
        yield Scenario(name, transport, mixins, handler, fail_in, client, options)


class Server:
    """A server process, and the lines it has written so far."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.lines = []
        self.ended = False
        self.stopped = False
        self.changed = threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        """Collect lines until the process and all its children are gone."""
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.decode().rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, what):
        """Wait until what() is true or the server has ended."""
        with self.changed:
            if not self.changed.wait_for(lambda: what() or self.ended, GUARD_SECONDS):
                self.process.kill()
                raise TimeoutError("the server wrote only:\n" + "\n".join(self.lines))

    def closed(self, request):
        """How often the socket of this request has been closed so far."""
        return sum(line.startswith("%d " % request) and line.endswith(" closed") for line in self.lines)

    def stop(self):
        """SIGTERM, but only once: a second one may come when the interpreter has given up its handlers."""
        if not self.stopped:
            self.stopped = True
            self.process.send_signal(signal.SIGTERM)  # does nothing to a process known to have ended


def run_cases(server_command, only, without=(), jobs=None):
    """Run the cases whose scenario matches a pattern of `only`; yield ((scenario name, mixin), lines) in file order.

    A case that hangs or breaks off gives the one line "broken ...". Lines of the events in `without` are left out.
    """
    cases = [
        (scenario, mixin)
        for scenario in read_scenarios()
        if any(fnmatch.fnmatch(scenario.name, pattern) for pattern in only)
        for mixin in scenario.mixins
    ]

    def run(case):
        try:
            lines = run_case(server_command, *case)
        except Exception as error:
            return ["broken %s: %s" % (type(error).__name__, error)]
        return [line for line in lines if not any((" %s " % event) in line + " " for event in without)]

    # Cases have nothing in common, so they may run side by side.
    with concurrent.futures.ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        for (scenario, mixin), lines in zip(cases, pool.map(run, cases)):
            yield (scenario.name, mixin), lines


def run_case(server_command, scenario, mixin):
    """Run the scenario under one mix-in; return the lines of its observations."""
    with tempfile.TemporaryDirectory() as folder:
        unix = scenario.transport.startswith("unix")
        address = os.path.join(folder, "s.sock") if unix else "127.0.0.1:0"
        other, address = occupy(scenario, address)
        server = Server(server_command + server_arguments(scenario, mixin) + [address])
        try:
            server.wait_for(lambda: server.lines)
            first = server.lines[0] if server.lines else "wrote nothing"
            listening = first.startswith("listening on ")
            lines = ["server listening" if listening else "server " + first]
            if listening:
                address = first[len("listening on "):]
                lines += run_clients(server, scenario, mixin, address)
                # With requests=N it is to end by itself.
                if "requests" not in scenario.options:
                    server.stop()
            server.wait_for(lambda: False)
            status = server.process.wait(GUARD_SECONDS)
        finally:
            server.process.kill()
        lines += normalised(server.lines[1:], scenario) + ["server exit %d" % status]
        if "check-file" in scenario.options:
            lines.append("file " + ("left" if os.path.exists(address) else "removed"))
        if other is not None:
            other.close()
        return lines


def server_arguments(scenario, mixin):
    """The command line but for ADDRESS."""
    arguments = ["--transport", scenario.transport, "--mixin", mixin, "--handler", scenario.handler]
    arguments += ["--fail-in", scenario.fail_in]
    for key in ("requests", "timeout", "max-packet-size"):
        if key in scenario.options:
            arguments += ["--" + key, scenario.options[key]]
    return arguments


def occupy(scenario, address):
    """Put there what the scenario wants to be at ADDRESS beforehand."""
    if "address-in-use" in scenario.options:
        other = socket.create_server(("127.0.0.1", 0))
        return other, "127.0.0.1:%d" % other.getsockname()[1]
    if "stale-file" in scenario.options or "live-file" in scenario.options:
        kind = socket.SOCK_STREAM if scenario.transport == "unix-stream" else socket.SOCK_DGRAM
        other = socket.socket(socket.AF_UNIX, kind)
        other.bind(address)
        if kind == socket.SOCK_STREAM:
            other.listen()
        if "live-file" in scenario.options:
            return other, address
        other.close()
    return None, address


def run_clients(server, scenario, mixin, address):
    """Run the scenario's client as often as it says, one after another."""
    lines = []
    served = 0
    for client in range(1, int(scenario.options.get("clients", 1 if scenario.client != "-" else 0)) + 1):
        observations, requests = run_client(server, scenario, mixin, address, served)
        served += requests
        lines += ["client %d %s" % (client, observation) for observation in observations]
    return lines


def run_client(server, scenario, mixin, address, served):
    """Run the client once, answering its questions; return its observations and how many requests it made."""
    command = [*PYTHON, os.path.join(HERE, "client.py"), "--transport", scenario.transport]
    command += ["--scenario", scenario.client, address]
    # A forking server closes a request twice, in the parent and in the child; but one that isn't verified
    # never gets a child.
    times = 2 if mixin == "forking" and scenario.fail_in not in ("refuse", "verify") else 1
    observations = []
    requests = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            line = line.decode().rstrip("\n")
            wait = json.loads(line)
            if wait.get("wait") == "over":
                requests = max(requests, wait["request"])
                server.wait_for(lambda: server.closed(served + wait["request"]) >= times)
            elif wait.get("wait") == "stop":
                server.stop()
            elif wait.get("wait") == "loop over":
                server.wait_for(lambda: "- loop hook server_close" in server.lines)
            else:
                observations.append(line)
                continue
            process.stdin.write(b"\n")
            process.stdin.flush()
    if process.returncode != 0:
        observations.append("exit %d" % process.returncode)
    return observations, requests


def normalised(lines, scenario):
    """Bring the server's event lines into an order that doesn't depend on scheduling.

    - Lines of the lane "loop" keep their order, across all requests: one thread wrote them.
    - Lines of the lane "worker" keep their order within one request; how requests interleave with each other
      and with the loop is dropped: that is up to the scheduler.
    - Lines of the lane "reap" are sorted by request: when a child is collected is up to the scheduler.
    - any-disconnect: whether a writer meets ECONNRESET or EPIPE depends on where it was when the peer went.
    """
    if "any-disconnect" in scenario.options:
        lines = [re.sub(r"(BrokenPipe|ConnectionReset|ConnectionAborted)Error$", "Disconnected", line) for line in lines]
    lanes = {"loop": [], "worker": [], "reap": []}
    strange = []
    for line in lines:
        number, lane, event = (line.split(" ", 2) + ["", ""])[:3]
        number = -1 if number == "-" else int(number) if number.isdigit() else None
        if number is None or lane not in lanes or not event:
            strange.append("strange " + line)
        else:
            lanes[lane].append((number, "%s %s %s" % (lane, line.split(" ")[0], event)))
    for lane in ("worker", "reap"):
        lanes[lane].sort(key=lambda entry: entry[0])  # stable: keeps the order within a request
    return [line for lane in ("loop", "worker", "reap") for _, line in lanes[lane]] + strange


def argument_parser(doc):
    """The options that run_reference.py and compare.py share."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--only", action="append", help="scenarios to run, with * and ?")
    parser.add_argument("--without", action="append", default=[], help='leave these events out, as "hook finish"')
    parser.add_argument("--jobs", type=int, help="cases to run at once, default: one per processor")
    return parser

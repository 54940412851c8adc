#!/usr/bin/env python3
"""The reference: CPython's own socketserver, telling on stdout what it does.

    reference_server.py --transport tcp|udp|unix-stream|unix-datagram
                        --mixin sequential|threading|forking --handler NAME
                        [--fail-in verify|refuse|setup|handle|finish|none]
                        [--max-packet-size N] [--requests N] [--timeout SECONDS] ADDRESS

The first line is ``listening on ADDRESS``, or ``bind failed ERRNO``. Every further line is
``REQUEST LANE EVENT`` (see README.md, which is the contract that other servers follow).
Runs on CPython 3.8 and newer, with nothing but the standard library.
"""

import argparse
import errno
import os
import signal
import socket
import socketserver
import sys
import threading

from reference_handlers import HANDLERS

# Short, so that SIGTERM is obeyed soon. Idle ticks leave no line, so its value can't be observed.
POLL_INTERVAL = 0.05


def write_line(text):
    """Write one line in one write(2), so that threads and forked children never mix within a line."""
    os.write(1, (text + "\n").encode())


def error_name(error):
    """Name an exception the same way on every Python version, and in a way other languages can."""
    if isinstance(error, socket.timeout):  # its class is TimeoutError only since 3.10
        return "TimeoutError"
    if type(error) is OSError:  # not one of the errors that have a class of their own
        return "OSError " + errno.errorcode.get(error.errno, str(error.errno))
    return type(error).__name__


class Recorder:
    """Writes a line as each hook is entered. First among the bases, so it sees the call before the mix-in."""

    allow_reuse_address = False
    fail_in = "none"

    def __init__(self, *args):
        self.announced = False
        self.count = 0
        self.numbers = {}  # id(request) -> its number; ids are free for reuse once a request is over
        self.just_served = None
        self.children = {}  # pid -> number of its request
        self.main_pid = os.getpid()
        super().__init__(*args)

    def emit(self, number, event):
        """Write an event of the request with this number ('-' if it is not about one request)."""
        in_loop = os.getpid() == self.main_pid and threading.current_thread() is threading.main_thread()
        write_line("%s %s %s" % (number, "loop" if in_loop else "worker", event))

    def of(self, request, event):
        """Write an event of this request."""
        self.emit(self.numbers[id(request)], event)

    def get_request(self):
        request, address = super().get_request()
        self.count += 1
        self.numbers[id(request)] = self.just_served = self.count
        self.of(request, "hook get_request")
        return request, address

    def verify_request(self, request, client_address):
        self.of(request, "hook verify_request")
        if self.fail_in == "verify":
            raise ValueError("scripted")
        return self.fail_in != "refuse" and super().verify_request(request, client_address)

    def process_request(self, request, client_address):
        self.of(request, "hook process_request")
        number = self.numbers[id(request)]
        before = set(getattr(self, "active_children", None) or ())
        super().process_request(request, client_address)
        for pid in set(getattr(self, "active_children", None) or ()) - before:
            self.children[pid] = number

    def finish_request(self, request, client_address):
        self.of(request, "hook finish_request")
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        self.of(request, "hook handle_error " + error_name(sys.exc_info()[1]))

    def shutdown_request(self, request):
        self.of(request, "hook shutdown_request")
        super().shutdown_request(request)

    def close_request(self, request):
        self.of(request, "hook close_request")
        super().close_request(request)
        self.of(request, "closed")  # after the fact: from here on a client can see what closing did

    def service_actions(self):
        # Only the tick that directly follows a request: how many idle ones there are depends on time.
        if self.just_served is not None:
            self.emit(self.just_served, "hook service_actions")
            self.just_served = None
        super().service_actions()

    def handle_timeout(self):
        self.emit("-", "hook handle_timeout")
        super().handle_timeout()

    def server_close(self):
        # The constructor calls this when bind fails; then "bind failed" is to be the first line.
        if self.announced:
            self.emit("-", "hook server_close")
        super().server_close()

    def record_waitpid(self, waitpid):
        """Wrap os.waitpid: ForkingMixIn throws the exit statuses away, and has no hook that sees them."""

        def recording(pid, options):
            pid, status = waitpid(pid, options)
            if pid in self.children:
                exited = os.WIFEXITED(status)
                how = "exit %d" % os.WEXITSTATUS(status) if exited else "signal %d" % os.WTERMSIG(status)
                write_line("%s reap child %s" % (self.children.pop(pid), how))
            return pid, status

        return recording


TRANSPORTS = {
    "tcp": socketserver.TCPServer,
    "udp": socketserver.UDPServer,
    "unix-stream": socketserver.UnixStreamServer,
    "unix-datagram": socketserver.UnixDatagramServer,
}
MIXINS = {
    "sequential": (),
    "threading": (socketserver.ThreadingMixIn,),
    "forking": (socketserver.ForkingMixIn,),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description="CPython's socketserver, observed")
    parser.add_argument("--transport", choices=sorted(TRANSPORTS), required=True)
    parser.add_argument("--mixin", choices=sorted(MIXINS), required=True)
    parser.add_argument("--handler", choices=sorted(HANDLERS), required=True)
    stages = ["verify", "refuse", "setup", "handle", "finish", "none"]
    parser.add_argument("--fail-in", choices=stages, default="none")
    parser.add_argument("--max-packet-size", type=int, help="datagrams only; Python's default is 8192")
    parser.add_argument("--requests", type=int, help="handle_request() so often, then close and exit")
    parser.add_argument("--timeout", type=float, help="the server's timeout attribute, seconds")
    parser.add_argument("address", help="HOST:PORT, or the path of a Unix socket")
    return parser.parse_args()


def build_server(arguments):
    """Make the class a user would write, class Server(MixIn, Transport), with the recorder in front."""
    attributes = {"fail_in": arguments.fail_in}
    if arguments.max_packet_size is not None:
        attributes["max_packet_size"] = arguments.max_packet_size
    if arguments.timeout is not None:
        attributes["timeout"] = arguments.timeout
    bases = (Recorder,) + MIXINS[arguments.mixin] + (TRANSPORTS[arguments.transport],)
    address = arguments.address
    if not arguments.transport.startswith("unix"):
        host, port = address.rsplit(":", 1)
        address = (host, int(port))
    return type("Server", bases, attributes)(address, HANDLERS[arguments.handler])


def main():
    arguments = parse_arguments()
    try:
        server = build_server(arguments)
    except OSError as error:
        write_line("bind failed " + errno.errorcode[error.errno])
        return 1
    os.waitpid = server.record_waitpid(os.waitpid)
    if arguments.requests is None:
        # shutdown() waits for the loop, which is in this very thread, so it needs one of its own.
        # It is started only now, so that in normal running the process forks with one thread.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    address = server.server_address
    write_line("listening on " + (address if isinstance(address, str) else "%s:%d" % address[:2]))
    server.announced = True
    status = 0
    try:
        if arguments.requests is None:
            server.serve_forever(POLL_INTERVAL)
        else:
            for _ in range(arguments.requests):
                server.handle_request()
    except Exception as error:  # an exception of verify_request escapes the loop
        server.emit("-", "loop ended " + error_name(error))
        status = 1
    server.server_close()
    return status


if __name__ == "__main__":
    sys.exit(main())

"""The stream scenarios of client.py, for TCP and Unix streams: each function is a script to read from top to bottom."""

import errno
import socket
import struct

from client_common import make_socket, report, server_address, summary, wait


class Stream:
    """One stream connection. `label` tells the connections of a scenario apart in the observations."""

    made = 0

    def __init__(self, arguments, label=None, bind_unix=False):
        Stream.made += 1
        self.number = Stream.made
        self.label = {} if label is None else {"client": label}
        self.sock = make_socket(arguments, bind_unix)
        self.sock.connect(server_address(arguments))
        self.report(connect="ok")

    def report(self, **observation):
        """Print one observation about this connection."""
        report(**observation, **self.label)

    def send(self, data):
        """Send it all."""
        self.sock.sendall(data)
        self.report(sent=len(data))

    def half_close(self):
        """Send FIN and go on reading."""
        self.sock.shutdown(socket.SHUT_WR)
        self.report(half_close="ok")

    def read(self, size):
        """Read exactly `size` bytes (fewer only if the stream ends)."""
        data = b""
        while len(data) < size:
            piece = self.sock.recv(size - len(data))
            if not piece:
                break
            data += piece
        self.report(received=summary(data))

    def read_to_end(self):
        """Read all there is; then tell how it ended: "fin", "rst", or (TCP only) "fin, then rst".

        An RST that follows a FIN doesn't show in recv. So wait until the server has closed the connection, then
        ask SO_ERROR. With TCP recv surely gives EOF if the FIN came first. With a Unix socket it gives EOF or
        ECONNRESET depending on whether it ran before or after the server's close, so there both are "rst".
        """
        data = b""
        end = "fin"
        try:
            piece = self.sock.recv(65536)
            while piece:
                data += piece
                piece = self.sock.recv(65536)
        except ConnectionResetError:
            end = "rst"
        wait("over", request=self.number)
        if self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (errno.EPIPE, errno.ECONNRESET):
            end = "rst" if self.sock.family == socket.AF_UNIX else "fin, then rst"
        self.report(received=summary(data), end=end)

    def close(self, reset=False):
        """Close without reading further; `reset` sends an RST instead of a FIN (TCP only)."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        self.report(closed="rst" if reset else "ok")
        wait("over", request=self.number)


def send_and_finish(data, half_close=True, bind_unix=False):
    """A scenario: one send, a half-close or not, then read to the end. Without data nothing is sent."""

    def play(arguments):
        stream = Stream(arguments, bind_unix=bind_unix)
        if data:
            stream.send(data)
        if half_close:
            stream.half_close()
        stream.read_to_end()

    return play


def lines(arguments):
    """A conversation: a line, its reply, a second line, its reply."""
    stream = Stream(arguments)
    for line in (b"hello world\n", b"and again\n"):
        stream.send(line)
        stream.read(len(line))
    stream.half_close()
    stream.read_to_end()


def dribble(arguments):
    """One byte at a time."""
    stream = Stream(arguments)
    if arguments.transport == "tcp":
        stream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"hello world\n":
        stream.sock.sendall(bytes([byte]))
    stream.half_close()
    stream.read_to_end()


def silent_close(arguments):
    """Sends nothing and goes."""
    Stream(arguments).close()


def reset_at_once(arguments):
    """Sends nothing but an RST, perhaps before the server has accepted."""
    Stream(arguments).close(reset=True)


def reset_after_reply(arguments):
    """Sends a line, takes the reply, resets."""
    stream = Stream(arguments)
    stream.send(b"hello world\n")
    stream.read(12)
    stream.close(reset=True)


def close_unread(arguments):
    """Closes while a reply waits unread: that resets the connection, Unix sockets included."""
    stream = Stream(arguments)
    stream.send(b"hello world\n")
    stream.sock.recv(1, socket.MSG_PEEK)
    stream.close()


def abandon_large(arguments):
    """Reads the first 64 KiB of a large reply and goes."""
    stream = Stream(arguments)
    stream.read(65536)
    stream.close()


def hold_through_stop(arguments):
    """The server is told to stop in the middle of a conversation."""
    stream = Stream(arguments)
    stream.send(b"before\n")
    stream.read(7)
    wait("stop")
    stream.send(b"after\n")
    stream.read(6)
    stream.half_close()
    stream.read_to_end()


def drain(arguments):
    """The server is told to stop; when it takes no new clients any more, the old one is still served."""
    stream = Stream(arguments)
    stream.send(b"before\n")
    stream.read(7)
    wait("stop")
    wait("loop over")  # a client that comes before that may well be accepted
    try:
        while True:  # those that do connect wait in the backlog, and are reset when the listener is closed
            probe = make_socket(arguments)
            probe.connect(server_address(arguments))
    except (ConnectionRefusedError, ConnectionResetError):
        report(new_client="refused")
    for _ in range(10):
        stream.send(b"after\n")
        stream.read(6)
    stream.half_close()
    stream.read_to_end()


def pair(arguments):
    """Two clients: "a" is being served when "b" connects."""
    a = Stream(arguments, "a")
    a.send(b"from a\n")
    a.read(7)
    return a, Stream(arguments, "b")


def overlap(arguments):
    """b is served from beginning to end while a is open: impossible for a sequential server."""
    a, b = pair(arguments)
    b.send(b"from b\n")
    b.read(7)
    b.half_close()
    b.read_to_end()
    a.half_close()
    a.read_to_end()


def queued(arguments):
    """b asks while a is open, and is served at the latest when a has gone."""
    a, b = pair(arguments)
    b.send(b"from b\n")
    a.half_close()
    a.read_to_end()
    b.half_close()
    b.read_to_end()


def left_in_backlog(arguments):
    """The server takes one request and closes: b, connected but not accepted, is reset."""
    a, b = pair(arguments)
    a.half_close()
    a.read_to_end()
    b.read_to_end()


SCENARIOS = {
    "lines": lines,
    "one-shot": send_and_finish(b"hello world\n"),
    "bound": send_and_finish(b"hello world\n", bind_unix=True),
    "no-newline": send_and_finish(b"no newline"),
    "pipeline": send_and_finish(b"one\ntwo\nthree\n"),
    "pipeline-open": send_and_finish(b"one\ntwo\nthree\n", half_close=False),
    "megabyte": send_and_finish(b"m" * 1024 * 1024),
    "half-close-first": send_and_finish(b""),
    "listen": send_and_finish(b"", half_close=False),
    "dribble": dribble,
    "silent-close": silent_close,
    "reset-at-once": reset_at_once,
    "reset-after-reply": reset_after_reply,
    "close-unread": close_unread,
    "abandon-large": abandon_large,
    "hold-through-stop": hold_through_stop,
    "drain": drain,
    "overlap": overlap,
    "queued": queued,
    "left-in-backlog": left_in_backlog,
}

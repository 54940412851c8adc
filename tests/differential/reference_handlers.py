"""The scripted handlers of the reference server, by the name that --handler takes.

Each is what a user of socketserver would write; `Scripted` adds the event lines and the failures
that --fail-in asks for. `work` is the body of handle(). README.md describes each in one line.
"""

import select
from socketserver import BaseRequestHandler, DatagramRequestHandler, StreamRequestHandler

# One more than 16 MiB: CPython's own test of unbuffered writes uses this size.
BIG = 16 * 1024 * 1024 + 1


class Scripted:
    """Announces setup, handle and finish, and fails in the one that the server's fail_in names."""

    def emit(self, event):
        """Write one event line of this request."""
        self.server.of(self.request, event)

    def fail(self, stage):
        """Raise the scripted error if this is the stage to fail in."""
        if self.server.fail_in == stage:
            raise ValueError("scripted")

    def setup(self):
        self.emit("hook setup")
        self.emit("peer " + peer_name(self.client_address))
        # Before the real setup: otherwise a half set-up rfile keeps the socket open until it is collected.
        self.fail("setup")
        super().setup()

    def handle(self):
        self.emit("hook handle")
        self.fail("handle")
        self.work()

    def finish(self):
        self.emit("hook finish")
        super().finish()
        # After the real finish: what is to be sent has been sent by then.
        self.fail("finish")


def peer_name(address):
    """Describe a client address without what differs from run to run (ports, folders)."""
    if isinstance(address, tuple):
        return "ip " + address[0]
    if address:
        return "path " + address.rsplit("/", 1)[-1]
    return "unnamed"  # '' for a stream, None for a datagram


class EchoLine(Scripted, StreamRequestHandler):
    """Sends each line back until EOF; a last line without a newline counts too."""

    def work(self):
        line = None
        while line != b"":
            line = self.rfile.readline()
            self.emit("got %d bytes" % len(line))
            if line:
                self.wfile.write(line)


class OneLine(Scripted, StreamRequestHandler):
    """Sends the first line back and returns; rfile's buffer has taken in the rest."""

    def work(self):
        line = self.rfile.readline()
        self.emit("got %d bytes" % len(line))
        self.wfile.write(line)


class SlowReader(OneLine):
    """The same with rbufsize 0: reads byte by byte, so what follows the line stays unread in the kernel."""

    rbufsize = 0


class UpperAll(Scripted, BaseRequestHandler):
    """recv until EOF, then sendall of it all in upper case."""

    def work(self):
        pieces = []
        while not pieces or pieces[-1]:
            pieces.append(self.request.recv(65536))
        data = b"".join(pieces)
        self.emit("got %d bytes" % len(data))
        self.request.sendall(data.upper())


class HalfReply(Scripted, StreamRequestHandler):
    """Writes a part of its reply, then raises."""

    def work(self):
        self.wfile.write(b"partial")
        raise ValueError("scripted")


class HalfBuffered(HalfReply):
    """The same with a buffered wfile: finish still flushes it."""

    wbufsize = -1


class BufferedWriter(Scripted, StreamRequestHandler):
    """Writes three pieces into a buffered wfile and leaves flushing to finish."""

    wbufsize = -1

    def work(self):
        for piece in (b"one ", b"two ", b"three\n"):
            self.wfile.write(piece)


class BufferedPeerGone(Scripted, StreamRequestHandler):
    """Buffers a reply, waits until the peer has gone, returns: finish can't deliver it."""

    wbufsize = -1

    def work(self):
        self.wfile.write(b"never arrives\n")
        try:
            self.rfile.read()
        except ConnectionResetError:
            pass
        self.emit("peer gone")


class Silent(Scripted, StreamRequestHandler):
    """Neither reads nor writes."""

    def work(self):
        pass


class Unread(Scripted, BaseRequestHandler):
    """Waits until there is input, then returns without reading it: closing then sends RST."""

    def work(self):
        poll = select.poll()
        poll.register(self.request, select.POLLIN)
        poll.poll()


class BigReply(Scripted, StreamRequestHandler):
    """One unbuffered write of 16 MiB and a byte."""

    def work(self):
        self.emit("wrote %d bytes" % self.wfile.write(b"x" * BIG))


class ReadTimeout(Scripted, StreamRequestHandler):
    """Reads a line with the handler's timeout set, from a client that sends none."""

    timeout = 0.05

    def work(self):
        self.rfile.readline()


class EchoDatagram(Scripted, DatagramRequestHandler):
    """Sends the packet back, through rfile and wfile."""

    def work(self):
        packet = self.rfile.read()
        self.emit("got %d bytes" % len(packet))
        self.wfile.write(packet)


class HalfDatagram(Scripted, DatagramRequestHandler):
    """Writes a part of its reply to wfile, then raises."""

    def work(self):
        self.wfile.write(b"partial")
        raise ValueError("scripted")


class SilentDatagram(Scripted, DatagramRequestHandler):
    """Writes nothing to wfile."""

    def work(self):
        self.emit("got %d bytes" % len(self.packet))


class OversizedReply(Scripted, DatagramRequestHandler):
    """Writes a reply that no datagram can hold (1 MiB)."""

    def work(self):
        self.wfile.write(b"x" * 1024 * 1024)


class BaseDatagram(Scripted, BaseRequestHandler):
    """Uses (data, socket) itself: sends the packet back in upper case, then its length."""

    def work(self):
        data, sock = self.request
        self.emit("got %d bytes" % len(data))
        sock.sendto(data.upper(), self.client_address)
        sock.sendto(b"%d" % len(data), self.client_address)


class BaseSilent(Scripted, BaseRequestHandler):
    """Takes (data, socket) and never replies."""

    def work(self):
        self.emit("got %d bytes" % len(self.request[0]))


HANDLERS = {
    "echo-line": EchoLine,
    "one-line": OneLine,
    "slow-reader": SlowReader,
    "upper-all": UpperAll,
    "half-reply": HalfReply,
    "half-buffered": HalfBuffered,
    "buffered-writer": BufferedWriter,
    "buffered-peer-gone": BufferedPeerGone,
    "silent": Silent,
    "unread": Unread,
    "big-reply": BigReply,
    "read-timeout": ReadTimeout,
    "echo-datagram": EchoDatagram,
    "half-datagram": HalfDatagram,
    "silent-datagram": SilentDatagram,
    "oversized-reply": OversizedReply,
    "base-datagram": BaseDatagram,
    "base-silent": BaseSilent,
}

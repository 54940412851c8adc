"""The Python end: greets with the frame b'python', then sends each frame back in reverse, until the end.

    peer.py stdin FORMAT        over the socket that is standard input
    peer.py listen FORMAT       prints a port and serves one client there
    peer.py long-header HEX     what multiprocessing.connection makes of 2 GiB (see below)

FORMAT is one of struct's, or 'varint', or 'multiprocessing' for the library's own framing.
"""

import multiprocessing.connection
import socket
import struct
import sys


class Framed:
    """Frames with a length header, in the usual Python way."""

    def __init__(self, sock, fmt):
        self.sock, self.fmt = sock, fmt

    def recv_exactly(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self.sock.recv(min(size - len(data), 65536))
            if not piece:
                raise EOFError(f"{size - len(data)} of {size} bytes missing")
            data += piece
        return bytes(data)

    def recv_bytes(self):
        if self.fmt == "varint":
            size, shift = 0, 0
            while True:
                byte = self.recv_exactly(1)[0]
                size |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
        else:
            (size,) = struct.unpack(self.fmt, self.recv_exactly(struct.calcsize(self.fmt)))
        return self.recv_exactly(size)

    def send_bytes(self, data):
        if self.fmt == "varint":
            size, head = len(data), bytearray()
            while size > 0x7F:
                head.append(size & 0x7F | 0x80)
                size >>= 7
            head.append(size)
        else:
            head = struct.pack(self.fmt, len(data))
        self.sock.sendall(bytes(head) + data)


def echo(conn):
    conn.send_bytes(b"python")
    while True:
        try:
            data = conn.recv_bytes()
        except EOFError:
            return
        conn.send_bytes(data[::-1])


def long_header(received):
    """Prints the bytes the library sends before a payload of 2 GiB, and the size it reads from `received`.

    Nobody holds 2 GiB: the payload is an object that only has a length, and the payload's reader gives up.
    """

    class Long(bytes):
        def __len__(self):
            return 1 << 31

    class Recorder(multiprocessing.connection.Connection):
        def __init__(self):
            self.sent, self._handle = b"", None

        def _send(self, buf):
            self.sent += bytes(buf)

        def _recv(self, size):
            nonlocal received
            if size > 8:
                raise OverflowError(size)
            import io

            piece, received = received[:size], received[size:]
            return io.BytesIO(piece)

    recorder = Recorder()
    recorder._send_bytes(Long(b""))
    print(recorder.sent.hex())
    try:
        recorder._recv_bytes()
    except OverflowError as error:
        print(error)


def main():
    mode, fmt = sys.argv[1:]
    if mode == "long-header":
        long_header(bytes.fromhex(fmt))
    elif fmt == "multiprocessing" and mode == "listen":
        with multiprocessing.connection.Listener(("127.0.0.1", 0)) as listener:
            print(listener.address[1], flush=True)
            echo(listener.accept())
    elif mode == "listen":
        with socket.create_server(("127.0.0.1", 0)) as listener:
            print(listener.getsockname()[1], flush=True)
            echo(Framed(listener.accept()[0], fmt))
    elif fmt == "multiprocessing":
        echo(multiprocessing.connection.Connection(0))
    else:
        echo(Framed(socket.socket(fileno=0), fmt))


main()

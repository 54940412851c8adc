"""The datagram scenarios of client.py, for UDP and Unix datagrams.

How does one see that *no* reply came, without waiting for some time? The server's reply is in our
receive queue as soon as its send returns (loopback). So: wait until the server has finished with the
request, then take whatever is there.
"""

from functools import partial

from client_common import GUARD_SECONDS, make_socket, report, server_address, summary, wait


def one_by_one(payloads, arguments, bound=True):
    """Send each packet when the server has finished with the one before."""
    sock = make_socket(arguments, bind_unix=bound)
    for number, payload in enumerate(payloads, 1):
        send(sock, payload, arguments)
        wait("over", request=number)
        take_replies(sock, arguments)


def burst(payloads, arguments):
    """Send all packets at once, then look for the replies."""
    sock = make_socket(arguments, bind_unix=True)
    for payload in payloads:
        send(sock, payload, arguments)
    for number in range(1, len(payloads) + 1):
        wait("over", request=number)
    take_replies(sock, arguments)


def send(sock, payload, arguments):
    """Send one packet."""
    sock.sendto(payload, server_address(arguments))
    report(sent=len(payload))


def take_replies(sock, arguments):
    """Report every datagram that is there. Sorted: threads and children may answer a burst in any order."""
    sock.setblocking(False)
    replies = []
    try:
        while True:
            replies.append(sock.recvfrom(1 << 20))
    except BlockingIOError:
        pass
    sock.settimeout(GUARD_SECONDS)
    for data, source in sorted(replies):
        report(reply=summary(data), from_server=source == server_address(arguments))
    report(replies=len(replies))


SCENARIOS = {
    "datagram": partial(one_by_one, [b"hello world"]),
    "unbound": partial(one_by_one, [b"hello world"], bound=False),
    "empty": partial(one_by_one, [b""]),
    "exact": partial(one_by_one, [b"e" * 8192]),
    "oversized": partial(one_by_one, [b"o" * 9000]),
    "one-by-one": partial(one_by_one, [b"1", b"22", b"333"]),
    "burst": partial(burst, [b"1", b"22", b"333"]),
}

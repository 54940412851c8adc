"""digests.py PORT KEY DIGEST: connects, and asks for a digest other than the default."""

import sys
from multiprocessing.connection import Client, answer_challenge, deliver_challenge

print("connecting")
connection = Client(("127.0.0.1", int(sys.argv[1])))
answer_challenge(connection, sys.argv[2].encode())
deliver_challenge(connection, sys.argv[2].encode(), digest_name=sys.argv[3])
print("authenticated")

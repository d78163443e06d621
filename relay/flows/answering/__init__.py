"""Answer what people write, and do what the rules have due: a flow of its own.

Receiving and syncing never wait for it. One message of the inbox is one transaction, in which it
is marked as answered and its answer enters the outbox.
"""

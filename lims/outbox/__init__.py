"""The outbox: what must happen outside the transaction, written inside it.

The table is the truth. The relay hands messages to Celery, a worker performs each in one transaction with the mark that
it is done, so that a message may be handed out twice and still acts once; nothing is lost when the broker is.
"""

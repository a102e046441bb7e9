"""The ledger: what happened, in an order and a wording that nobody can change unseen.

`capture` collects the rows a transaction changed, `chain` appends them to the chains of the objects concerned in that
same transaction, `sequencer` numbers the leaves and signs heads, `export` and `verify` let an outsider check, `replay`
folds all events and compares the result with the tables.
"""

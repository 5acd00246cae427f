"""The simulated message vendor: takes messages over HTTP, decides their fate, calls back with receipts.

A program of its own (``python -m workers.vendor``); it shares the secret, the signature and the
model of its behaviour with the app, nothing else.
"""

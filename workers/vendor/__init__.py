"""The simulated message vendor: takes messages over HTTP, decides their fate, calls back with receipts.

A program of its own (``python -m workers.vendor``); it shares the secret and the signature with the app,
nothing else.
"""

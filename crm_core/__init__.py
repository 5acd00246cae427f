"""ClientNest's core: everything below the pages and the workers."""

__version__ = "0.1.0"

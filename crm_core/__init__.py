"""ClientNest's core: everything below the pages and the workers."""

import gc

__version__ = "0.1.0"

# In every process, from its first import on. By its own limits Python collects 260 times while a worker starts, which
# finds nothing and takes a tenth of the start.
gc.set_threshold(10_000, 50, 50)

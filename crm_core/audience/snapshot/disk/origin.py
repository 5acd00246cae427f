"""What a copy was made from and by: with anything else than that, its columns could mean something else."""

import hashlib
import secrets
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import TypeAlias

import numpy as np

import crm_core
from crm_core.audience.snapshot.sharing import AddressHashes
from crm_core.infra.mongo import Db

Origin: TypeAlias = dict[str, str | int]
LENGTH = 16


def origin_of(db: Db, hashes: AddressHashes, data_version: int) -> Origin:
    """The deployment is told by the place in its log instead, which no other one has. Raises Unavailable."""
    return {
        "database": db.name,
        "data_version": data_version,
        "hashes": hashes.mark,
        "program": program_mark(),
    }


@cache
def program_mark() -> str:
    """Of the code that makes and reads columns, and of what it stands on. All of the core, since nobody can tell which
    line of it does not matter; a new version loads anew once."""
    found = hashlib.blake2b(digest_size=LENGTH)
    for part in (sys.version, np.__version__, unicodedata.unidata_version):
        found.update(part.encode())
    root = Path(crm_core.__path__[0])
    sources = sorted(root.rglob("*.py"))
    if not sources:  # nobody can tell which program this is
        return secrets.token_hex(LENGTH)
    for path in sources:
        found.update(path.relative_to(root).as_posix().encode())
        found.update(hashlib.blake2b(path.read_bytes()).digest())
    return found.hexdigest()

"""One log format for every process: ids and counts as key=value, never personal data."""

import logging


def configure_logs(level: str, process: str) -> None:
    logging.basicConfig(
        level=level,
        format=f"%(asctime)s %(levelname)s process={process} %(name)s %(message)s",
        force=True,
    )
    for noisy in ("httpx", "httpcore", "pymongo", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, logging.getLevelName(level)))

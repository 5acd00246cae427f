"""Takes a batch in: every key once, whatever is repeated, all of it on disk before the answer."""

import hashlib
from datetime import timedelta

from workers.vendor.config import VendorConfig
from workers.vendor.outcome import decide_outcome
from workers.vendor.store import Accepted, Receipt, VendorStore
from workers.vendor.wire import Batch, Message, Result, Results

_MILLISECOND = timedelta(milliseconds=1)


def accept_batch(store: VendorStore, config: VendorConfig, batch: Batch, now_ms: int) -> Results:
    """Accept the new messages of a batch and answer for all, in order.

    Reading the known keys and writing the new ones needs no lock: both happen in the event loop's thread
    without an await between them, and nobody else writes the file.
    """
    ids = store.load_vendor_ids([message.key for message in batch.messages])
    accepted: list[Accepted] = []
    results: list[Result] = []
    for message in batch.messages:
        if (known := ids.get(message.key)) is not None:
            results.append(Result(key=message.key, id=known, status="duplicate"))
            continue
        new = _accept(batch.campaign, message, config, now_ms)
        ids[message.key] = new.receipt.vendor_id
        accepted.append(new)
        results.append(Result(key=message.key, id=new.receipt.vendor_id, status="accepted"))
    store.save_accepted(batch.campaign, len(batch.messages), accepted)
    return Results(results=results)


def _accept(campaign: str, message: Message, config: VendorConfig, now_ms: int) -> Accepted:
    outcome = decide_outcome(
        message.key, seed=config.seed, success_rate=config.success_rate, mean_delay=config.mean_delay
    )
    at_ms = now_ms + outcome.delay // _MILLISECOND
    receipt = Receipt(
        due_ms=at_ms,
        at_ms=at_ms,
        key=message.key,
        status="failed" if outcome.reason else "delivered",
        reason=outcome.reason,
        vendor_id=outcome.vendor_id,
        campaign=campaign,
    )
    return Accepted(hashlib.blake2b(message.to.encode(), digest_size=12).digest(), receipt)

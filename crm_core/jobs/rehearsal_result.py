"""What came of a rehearsal, as it is kept and shown."""

from crm_core.campaigns.rehearsal.rehearsal import RehearsalResult
from crm_core.infra.mongo import Doc
from crm_core.schema.message_states import MessageState


def to_document(result: RehearsalResult) -> Doc:
    """As it is kept and shown. Lists where names come from people: a variant may have one that is none for a field."""
    tally = result.tally
    states = (MessageState.SENT, MessageState.SKIPPED, MessageState.FAILED, MessageState.HELD_OUT)
    return {
        "is_complete": result.is_complete,
        "needs_confirmation": result.needs_confirmation,
        "as_of": result.as_of,
        "took_s": round(result.took_s, 3),
        "audience": tally.audience,
        "by_state": {**{state: tally.by_state[state] for state in states}, MessageState.PENDING: tally.pending},
        "skipped_by_reason": dict(tally.reasons[MessageState.SKIPPED]),
        "failed_by_reason": dict(tally.reasons[MessageState.FAILED]),
        "by_variant": [
            {"variant": name, "by_state": {str(state): count for state, count in found.items()}}
            for name, found in sorted(tally.by_variant.items())
        ],
        "deferred": {
            "customers": tally.deferred.customers,
            "until": [{"at": at, "customers": count} for at, count in tally.deferred.until.items()],
            "latest": tally.deferred.latest,
        },
        "rate": result.rate,
        "start": result.start,
        "first_at": tally.first_at,
        "last_at": tally.last_at,
        "finish": result.finish,
        "bucket_s": int(tally.buckets.width.total_seconds()),
        "buckets": [{"at": at, "messages": count} for at, count in tally.buckets.items()],
        "faults": tally.faults,
        "examples": [{"variant": variant, **example} for variant, found in tally.examples.items() for example in found],
    }

"""A shard is read from disk as it was written, without whoever is gone, and a damaged file not at all."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.audience.snapshot.bits import unpack
from crm_core.audience.snapshot.disk.files import Damaged, read_arrays, read_head, write_file
from crm_core.audience.snapshot.disk.form import Form, from_form, to_form
from crm_core.audience.snapshot.disk.trimming import trimmed
from crm_core.audience.snapshot.shard import Shard
from crm_core.audience.snapshot.version import Part, Version
from crm_core.rules.engines.columns import Coded
from tests.kept import plain, shards


def written(shard: Shard) -> bytes:
    form, file = to_form(shard), io.BytesIO()
    write_file(file, {"shard": form.structure}, form.arrays)
    return file.getvalue()


def read(data: bytes) -> Shard:
    file = io.BytesIO(data)
    head = read_head(file)
    return from_form(Form(head["shard"], read_arrays(file, head)))


@given(shards())
def test_every_kind_of_column_is_read_as_it_was_written(shard: Shard) -> None:
    again = read(written(shard))
    assert plain(again) == plain(shard)
    assert again.columns.rows is again.ids
    orders = shard.columns.orders
    assert (again.columns.orders.nets is again.columns.orders.amounts) == (orders.nets is orders.amounts)
    assert (again.record_bytes, again.customer_bytes) == (shard.record_bytes, shard.customer_bytes)


@given(shards(), st.data())
def test_whoever_is_gone_is_not_written_and_no_value_that_was_theirs_alone(shard: Shard, data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.sampled_from(list(shard.ids)))) if shard.size else set()
    part = Part.whole(shard).without(gone)
    kept = trimmed(Version((part,)))
    assert list(kept.ids) == [name for name in shard.ids if name not in gone]
    alive = unpack(part.alive, shard.size)
    for name, column in kept.columns.fields.items():
        if isinstance(column, Coded):
            before = shard.columns.fields[name]
            assert isinstance(before, Coded)
            assert decoded(column) == decoded(Coded(before.codes[alive], before.values))
            assert set(column.values) == set(decoded(column)) - {None}
    records = shard.columns.orders
    assert kept.columns.orders.times.tolist() == records.times[alive[records.customers]].tolist()
    assert plain(trimmed(Version((Part.whole(kept),)))) == plain(kept)


def decoded(column: Coded) -> list[Any]:
    return [None if code < 0 else column.values[code] for code in column.codes.tolist()]


@given(shards(), st.data())
@settings(max_examples=50)
def test_a_file_with_a_changed_byte_or_without_its_end_is_refused(shard: Shard, data: st.DataObject) -> None:
    whole = written(shard)
    place = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Damaged):
        read(whole[:place])
    changed = bytearray(whole)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        again = read(bytes(changed))
    except Damaged:
        return
    assert plain(again) == plain(shard), "only what fills up between arrays is not summed up"

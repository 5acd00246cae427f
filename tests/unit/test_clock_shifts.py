"""Clocks of a zone: moved by their shift, a moment lies in the day that it belongs to."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm_core.rules.clock_shifts import shifts_in
from crm_core.rules.days import day_of, start_of
from crm_core.rules.engines.columns import day_to_ms, to_ms
from crm_core.rules.engines.mask_comparison import days_of

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
FIRST = datetime(1900, 1, 2, tzinfo=UTC)
MOMENTS = st.integers(0, 220 * 365 * 86_400_000).map(lambda ms: FIRST + timedelta(milliseconds=ms))
EPOCH = date(1970, 1, 1)
NEWFOUNDLAND = ZoneInfo("America/St_Johns")


@given(zone=ZONES, moment=MOMENTS)
@example(NEWFOUNDLAND, datetime(2010, 11, 7, 2, 35, tzinfo=UTC))  # the clocks went back from 00:01 to 23:01
@example(NEWFOUNDLAND, datetime(2010, 11, 7, 3, 35, tzinfo=UTC))
@example(ZoneInfo("America/Sao_Paulo"), datetime(2018, 2, 18, 2, 30, tzinfo=UTC))
@example(ZoneInfo("Pacific/Apia"), datetime(2011, 12, 30, 9, 59, tzinfo=UTC))
def test_a_shifted_moment_lies_in_its_day(zone: ZoneInfo, moment: datetime) -> None:
    shift = [shift for since, shift in shifts_in(zone, moment.year) if since <= moment][-1]
    day = day_of(moment, zone)
    assert (moment + shift).date() == day
    assert days_of(np.array([to_ms(moment), day_to_ms(day)]), zone).tolist() == [(day - EPOCH).days] * 2


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "America/Sao_Paulo", "Africa/Casablanca"])
def test_every_day_of_a_zone_begins_and_ends_by_its_shifts(zone: str) -> None:
    found = ZoneInfo(zone)
    day = date(2009, 12, 30)
    for _ in range(800):
        start, end = start_of(day, found), start_of(day + timedelta(days=1), found)
        edges = np.array([to_ms(start), to_ms(end) - 1])
        assert days_of(edges, found).tolist() == [(day - EPOCH).days] * 2
        day += timedelta(days=1)


def test_a_fixed_offset_never_changes() -> None:
    assert len(shifts_in(UTC, 2026)) == 1
    assert [shift for _, shift in shifts_in(ZoneInfo("Asia/Kolkata"), 2026)] == [timedelta(hours=5, minutes=30)]

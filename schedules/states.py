"""What has become of a schedule: shape, word and meaning, as for transactions."""

from __future__ import annotations

from collections.abc import Mapping

from schedules.models import Schedule
from transactions.states import CANCELLED, POSTED, REJECTED, SCHEDULED, State

STATE_OF: Mapping[str, State] = {
    Schedule.State.SCHEDULED: SCHEDULED,
    Schedule.State.POSTED: POSTED,
    Schedule.State.CANCELLED: CANCELLED,
    Schedule.State.REJECTED: REJECTED,
}

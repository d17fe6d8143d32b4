"""What has become of a schedule: shape, word and meaning, as for transactions."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from schedules.models import Schedule
from transactions.states import POSTED, REJECTED, SCHEDULED, State

CANCELLED = State(
    "voided", _("Cancelled"), _("It was cancelled before its time, and will never be posted.")
)
STATE_OF: Mapping[str, State] = {
    Schedule.State.SCHEDULED: SCHEDULED,
    Schedule.State.POSTED: POSTED,
    Schedule.State.CANCELLED: CANCELLED,
    Schedule.State.REJECTED: REJECTED,
}

"""How changes to what lies here reach the audit trail, which lies above: see docs/adr/0008."""

from __future__ import annotations

from collections.abc import Callable

_recorders: list[Callable[..., object]] = []


def record_with(recorder: Callable[..., object]) -> None:
    """Let `recorder` write the events; `audit` gives its own when the site starts."""
    _recorders[:] = [recorder]


def record(**event: object) -> None:
    """Write one event, as `audit.recording.record` does; within the change's `atomic()` block."""
    (recorder,) = _recorders
    recorder(**event)

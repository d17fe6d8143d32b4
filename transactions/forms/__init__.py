"""What a person enters for a transaction: a transfer, or a journal of any entries."""

from __future__ import annotations

from transactions.forms.asking import draw_reference
from transactions.forms.journals import JournalForm
from transactions.forms.options import OptionsForm
from transactions.forms.transfers import TransferForm

FORMS: dict[str, type[OptionsForm]] = {each.mode: each for each in (TransferForm, JournalForm)}

__all__ = ["FORMS", "JournalForm", "OptionsForm", "TransferForm", "draw_reference"]

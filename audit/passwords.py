"""Changing one's own password, which leaves an audit event.

Here because `users` lies below `audit` and must not import it.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction as db_transaction
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from audit.recording import record
from users.models import User


class PasswordForm(PasswordChangeForm):
    """Django's form; what is wrong with the new password stands beside it, not its repetition."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].help_text = ""

    def validate_password_for_user(self, user: Any, *_field: str) -> None:
        super().validate_password_for_user(user, "new_password1")

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if commit:
            user.save(update_fields=["password"])
        return user


class PasswordChange(PasswordChangeView):
    """Ends the person's sessions elsewhere and keeps this one, as Django's view does."""

    form_class = PasswordForm
    template_name = "registration/password_change.html"
    success_url = reverse_lazy("dashboard:home")

    def form_valid(self, form: Any) -> HttpResponse:
        person = cast(User, self.request.user)
        with db_transaction.atomic():
            record(actor=person, action="user.password_changed", subject=f"user_{person.pk}")
            response = super().form_valid(form)
        said = _("Your password is changed. Wherever else you were signed in, you no longer are.")
        messages.success(self.request, said)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

"""The audit trail for operators, and the base of admin pages whose changes belong in it.

The pages of users and groups are here as well: `users` lies below `audit` and must not import it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection
from django.db import transaction as db_transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.metadata import change_metadata
from audit.models import AuditEvent
from audit.recording import record
from audit.telling import Event, describe_events
from users.models import Role, User
from web.admin import LeanAdmin, ReadOnlyAdmin, is_number, show_json
from web.database_errors import constraint_of, is_busy

if TYPE_CHECKING:
    AddForm = AdminUserCreationForm[User]
    ChangeForm = DjangoUserChangeForm[User]
    PeopleAdmin = DjangoUserAdmin[User]
else:
    AddForm, ChangeForm = AdminUserCreationForm, DjangoUserChangeForm
    PeopleAdmin = DjangoUserAdmin

BUSY = gettext_lazy("Another change is using this record. Nothing was saved; try again.")


class AuditedAdmin(LeanAdmin):
    """Pages whose changes leave an audit event in the same database transaction.

    `audited_fields` are what the event tells before and after. A change writes only
    the columns that the form changed, which is also all that the web's database role may.
    `refusals` puts constraints of the database into words.
    """

    audit_name: ClassVar[str]
    created_verb: ClassVar[str] = "created"
    changed_verb: ClassVar[str] = "changed"
    audited_fields: ClassVar[tuple[str, ...]] = ()
    refusals: ClassVar[dict[str, str | Promise]] = {}

    def audit_subject(self, row: Any) -> str:
        return getattr(row, "key", f"{self.audit_name}_{row.pk}")

    def describe(self, row: Any) -> dict[str, Any]:
        """What an audit event tells about the row, without secrets."""
        return {name: plain(getattr(row, name)) for name in self.audited_fields}

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        if request.method == "POST" and connection.in_atomic_block:
            # Held until the change commits: what is told as "before" is what was there.
            found = super().get_object(request, object_id, from_field)
            rows = self.model._default_manager.select_for_update(no_key=True, of=("self",))
            return found and rows.filter(pk=found.pk).first()
        return super().get_object(request, object_id, from_field)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with self.recorded(request, object_id):
                return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, OperationalError) as error:
            messages.error(request, self.explain(error))
            return HttpResponseRedirect(request.get_full_path())

    def explain(self, error: IntegrityError | OperationalError) -> str:
        """Why the database refused, in words; an error that is none of these is raised again."""
        if is_busy(error):
            return str(BUSY)
        constraint = constraint_of(error)
        if constraint in self.refusals:
            return str(self.refusals[constraint])
        raise error

    @contextmanager
    def recorded(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """Record what the block changes on the row, together with the change."""
        with db_transaction.atomic():
            row = self.get_object(request, unquote(object_id)) if object_id else None
            before = self.describe(row) if row else {}
            yield
            if row is None:
                return
            after = self.describe(self.model._default_manager.get(pk=row.pk))
            changed = [name for name in after if after[name] != before[name]]
            if changed:
                record(
                    actor=cast(User, request.user),
                    action=f"{self.audit_name}.{self.changed_verb}",
                    subject=self.audit_subject(row),
                    before={name: before[name] for name in changed},
                    after={name: after[name] for name in changed},
                )

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.save()
            return
        written = {field.name for field in self.model._meta.concrete_fields} - {"metadata"}
        if names := [name for name in form.changed_data if name in written]:
            obj.save(update_fields=names)
        if "metadata" in form.changed_data:
            _change_metadata(request, obj, form)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        record(
            actor=cast(User, request.user),
            action=f"{self.audit_name}.{self.created_verb}",
            subject=self.audit_subject(obj),
            after=self.describe(obj),
        )
        return super().log_addition(request, obj, message)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return super().history_view(request, object_id, extra_context)
        return HttpResponseRedirect(events_url(self.audit_subject(row)))


def plain(value: Any) -> Any:
    """A field's value as an audit event holds it."""
    if isinstance(value, Model):
        return getattr(value, "key", str(value))
    return value if value is None or isinstance(value, bool | str) else str(value)


def events_url(subject: str) -> str:
    """The admin's list of all events of one record."""
    return f"{reverse('admin:audit_auditevent_changelist')}?{urlencode({'subject': subject})}"


def _change_metadata(request: HttpRequest, row: Model, form: ModelForm[Any]) -> None:
    """Write what the person changed, and keep what others wrote since the form was opened."""
    given, shown = form.cleaned_data["metadata"], _shown_metadata(form)
    change_metadata(
        row,
        changes={key: value for key, value in given.items() if shown.get(key, ...) != value},
        removed=shown.keys() - given.keys(),
        actor=cast(User, request.user),
    )


def _shown_metadata(form: ModelForm[Any]) -> dict[str, Any]:
    """What the form was opened with, as far as what came back can be read."""
    text = form.data.get(form["metadata"].html_initial_name, "")
    try:
        return form.fields["metadata"].to_python(text) or {}
    except ValidationError:
        return {}


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "actor_name", "action", "subject")
    ordering = ("-pk",)
    search_fields = ("subject",)
    search_help_text = gettext_lazy(
        "The exact key of a record (ldg_…), a user name, or the number of an event."
    )
    indexed_lookups = ("subject", "actor__id__exact")
    fields = ("created_at", "actor", "actor_name", "action", "subject", "told", "was", "became")

    def find(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        if is_number(term):
            return super().find(queryset, term)
        if person := User.objects.filter(username=term).first():
            return queryset.filter(actor=person)
        return queryset.filter(subject=term)

    @admin.display(description=gettext_lazy("before and after"))
    def told(self, event: AuditEvent) -> SafeString:
        held = Event(event.action, event.subject, event.before or {}, event.after or {})
        (lines,) = describe_events([held])
        return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines))

    @admin.display(description=gettext_lazy("before"))
    def was(self, event: AuditEvent) -> SafeString | str:
        return show_json(event.before)

    @admin.display(description=gettext_lazy("after"))
    def became(self, event: AuditEvent) -> SafeString | str:
        return show_json(event.after)


class UserChangeForm(ChangeForm):
    """A user's profile; the last person who may do everything cannot be shut out."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        keeps = all(cleaned.get(name, True) for name in ("is_active", "is_superuser"))
        others = User.objects.filter(is_active=True, is_superuser=True).exclude(pk=self.instance.pk)
        stored = User.objects.get(pk=self.instance.pk)
        if stored.is_active and stored.is_superuser and not keeps and not others.exists():
            self.add_error(None, _("This is the last active superuser. Make another one first."))
        return cleaned


class UserAddForm(AddForm):
    """A new person, who only reads unless another role is chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["instance"] = kwargs.get("instance") or User(role=Role.READER)
        super().__init__(*args, **kwargs)


@admin.register(User)
class UserAdmin(AuditedAdmin, PeopleAdmin):
    """People who sign in. They are switched off, never deleted: history names them."""

    audit_name = "user"
    audited_fields = (
        "username",
        "first_name",
        "last_name",
        "email",
        "role",
        "is_active",
        "is_staff",
        "is_superuser",
    )
    form = UserChangeForm
    add_form = UserAddForm
    list_display = ("username", "first_name", "last_name", "email", "role", "is_staff", "is_active")
    list_filter = ("role", "is_staff", "is_superuser", "is_active")
    sortable_by = ("username", "role", "is_staff", "is_active")
    search_help_text = gettext_lazy("Part of a user name, name or e-mail address.")
    indexed_lookups = (
        "role__exact",
        "is_staff__exact",
        "is_superuser__exact",
        "is_active__exact",
        "groups__id__exact",
    )
    ordering = ("username",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return DjangoUserAdmin.get_search_results(self, request, queryset, search_term)

    def describe(self, row: User) -> dict[str, Any]:
        rights = row.user_permissions.order_by("pk").values_list(
            "content_type__app_label", "codename"
        )
        return super().describe(row) | {
            "groups": list(row.groups.order_by("pk").values_list("name", flat=True)),
            "permissions": [f"{app}.{name}" for app, name in rights],
        }

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first, *others = super().get_fieldsets(request, obj)
        return [first, (_("Books"), {"fields": ("role",)}), *others]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Only a superuser hands out rights, so nobody gives themselves more."""
        readonly = ("last_login", "date_joined")
        if cast(User, request.user).is_superuser:
            return readonly
        return (*readonly, "role", "is_staff", "is_superuser", "groups", "user_permissions")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        person = cast(User, request.user)
        if obj is not None and obj.is_superuser and not person.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,
        form_url: str = "",
    ) -> HttpResponse:
        if not is_number(id):
            return super().user_change_password(request, id, form_url)
        with db_transaction.atomic():
            before = User.objects.filter(pk=id).values_list("password", flat=True).first()
            response = super().user_change_password(request, id, form_url)
            after = User.objects.filter(pk=id).values_list("password", flat=True).first()
            if after != before:
                record(
                    actor=cast(User, request.user),
                    action="user.password_changed",
                    subject=f"user_{id}",
                )
        return response


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin):
    audit_name = "group"
    audited_fields = ("name",)
    search_fields = ("name",)

    def describe(self, row: Group) -> dict[str, Any]:
        rights = row.permissions.order_by("pk").values_list("content_type__app_label", "codename")
        return super().describe(row) | {"permissions": [f"{app}.{name}" for app, name in rights]}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return DjangoGroupAdmin.get_search_results(self, request, queryset, search_term)

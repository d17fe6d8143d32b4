from __future__ import annotations

import pytest
from django.test import Client

from audit.models import AuditEvent
from balances.models import Balance
from tests.factories import make_balance, make_client, make_user
from tests.pages import SCRIPT, text_of
from users.models import User

FIGURES = {"HX-Request": "true", "HX-Target": "balance-figures"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user()


@pytest.fixture
def clerk(user: User) -> Client:
    return make_client(user=user)


def closing(balance: Balance) -> str:
    return f"{balance.get_absolute_url()}closing/"


def actions(balance: Balance) -> list[str]:
    events = AuditEvent.objects.filter(subject=balance.key).order_by("pk")
    return list(events.values_list("action", flat=True))


def test_balance_at_zero_is_closed_and_says_so(clerk: Client, user: User) -> None:
    balance = make_balance()

    response = clerk.post(closing(balance), follow=True)

    balance.refresh_from_db()
    assert balance.is_closed
    assert "The balance is closed: it takes no more entries." in text_of(response)
    assert "Create transaction" not in text_of(response)
    assert AuditEvent.objects.get(action="balance.closed").actor == user


def test_balance_with_money_stays_open(clerk: Client) -> None:
    balance = make_balance(opening_minor=1)

    response = clerk.post(closing(balance))

    balance.refresh_from_db()
    assert response.status_code == 422
    assert "Only a balance at zero" in text_of(response)
    assert not balance.is_closed
    assert actions(balance) == ["balance.opened"]


def test_page_does_not_offer_to_close_a_balance_with_money(clerk: Client) -> None:
    html = clerk.get(make_balance(opening_minor=1).get_absolute_url()).content.decode()

    assert '<button class="btn" type="button" aria-disabled="true" aria-description="Only' in html


def test_refreshed_figures_bring_along_whether_the_balance_can_be_closed(clerk: Client) -> None:
    balance = make_balance(opening_minor=1)

    html = clerk.get(balance.get_absolute_url(), headers=FIGURES).content.decode()

    assert 'id="balance-closing"' in html.split('id="balance-figures"')[1]
    assert 'hx-swap-oob="true"' in html
    assert "aria-disabled" in html


def test_closed_balance_is_reopened(clerk: Client) -> None:
    balance = make_balance()
    clerk.post(closing(balance))

    clerk.post(closing(balance), {"reopen": "1"})

    balance.refresh_from_db()
    assert not balance.is_closed
    assert actions(balance) == ["balance.opened", "balance.closed", "balance.reopened"]


def test_closing_twice_is_one_event(clerk: Client) -> None:
    balance = make_balance()

    clerk.post(closing(balance))
    clerk.post(closing(balance))

    assert actions(balance) == ["balance.opened", "balance.closed"]


def test_closing_is_never_done_by_a_link(clerk: Client) -> None:
    balance = make_balance()

    assert clerk.get(closing(balance)).status_code == 405
    balance.refresh_from_db()
    assert not balance.is_closed


def test_metadata_is_merged_removed_and_kept_in_history(clerk: Client) -> None:
    balance = make_balance(metadata={"vendor": "7", "old": "x"})
    url = f"{balance.get_absolute_url()}metadata/"
    Balance.objects.filter(pk=balance.pk).update(metadata=balance.metadata | {"unseen": 1})

    response = clerk.post(
        url,
        {
            "metadata_shown": ["vendor", "old"],
            "metadata_key": ["vendor", "region"],
            "metadata_value": ["8", "EU"],
        },
        follow=True,
    )

    balance.refresh_from_db()
    assert balance.metadata == {"vendor": "8", "region": "EU", "unseen": 1}
    assert "Extra information changed" in text_of(response)


def test_bad_metadata_is_refused_and_nothing_written(clerk: Client) -> None:
    balance = make_balance(metadata={"vendor": "7"})

    response = clerk.post(
        f"{balance.get_absolute_url()}metadata/", {"metadata_json": f'{{"{SCRIPT}"'}
    )

    balance.refresh_from_db()
    assert response.status_code == 422
    assert SCRIPT not in response.content.decode()
    assert balance.metadata == {"vendor": "7"}

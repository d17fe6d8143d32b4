from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories import make_client


@pytest.mark.django_db
def test_refused_page_is_told_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    response = make_client().get(reverse("web:styleguide"))

    assert response.status_code == 403
    (told,) = caplog.records
    assert told.getMessage() == "Forbidden (Permission denied): /styleguide/"
    assert told.exc_info is None

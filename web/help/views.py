from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from web.formatting import format_date
from web.help.glossary import CHAPTERS, TERMS
from web.help.tasks import TASKS
from web.help.trials import GAPS, TRIALS, TRIED_ON


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    tasks = [(task, TERMS[task.term]) for task in TASKS]
    return render(request, "help/index.html", {"tasks": tasks})


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    return render(request, "help/glossary.html", {"chapters": CHAPTERS})


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Public: who cannot sign in because of a barrier must be able to read how to say so."""
    context = {"trials": TRIALS, "tried_on": format_date(TRIED_ON), "gaps": GAPS}
    return render(request, "help/accessibility.html", context)

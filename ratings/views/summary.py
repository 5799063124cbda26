"""The monthly summaries: the list of them, one as a page, and as files."""

from __future__ import annotations

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from hall import typed
from hall.calendar import Month
from ratings.models import Row
from ratings.screens import summary as summary_screen
from ratings.screens import summary_charts as charts
from ratings.screens import summary_files as sheets
from ratings.screens import summary_words as words
from ratings.screens.summary import Report
from staff.access import branch_for, branches, may, requires
from staff.models import Member
from staff.rights import Right

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@requires(Right.SUMMARIES)
def index(request: HttpRequest, member: Member) -> HttpResponse:
    """Every month of every branch that the member sees."""
    places = list(branches(member, Right.SUMMARIES))
    context = {"branches": places, "months": summary_screen.overview(member, places)}
    return render(request, "ratings/summary/index.html", context)


@require_safe
@requires(Right.SUMMARIES)
def show(request: HttpRequest, member: Member, branch: str, month: Month) -> HttpResponse:
    """A branch's month, on screen and on paper."""
    report = _report(request, member, branch, month)
    rows = report.rows
    context = {
        "branch": report.summary.branch,
        "summary": report.summary,
        "report": report,
        "whole": report.whole,
        "departments": rows.get(Row.Scope.DEPARTMENT, []),
        "services": rows.get(Row.Scope.SERVICE, []),
        "people": rows.get(Row.Scope.PERSON, []),
        "days": rows.get(Row.Scope.DAY, []),
        "slots": rows.get(Row.Scope.SLOT, []),
        "day_chart": charts.days(rows.get(Row.Scope.DAY, [])),
        "slot_chart": charts.slots(rows.get(Row.Scope.SLOT, [])),
        "department_waits": charts.waits(rows.get(Row.Scope.DEPARTMENT, [])),
        "service_waits": charts.waits(rows.get(Row.Scope.SERVICE, [])),
        "grade_chart": charts.grades(rows.get(Row.Scope.DEPARTMENT, [])),
        "definitions": words.DEFINITIONS,
        "may_watch": may(member, Right.WATCH, report.summary.branch),
    }
    return render(request, "ratings/summary/page.html", context)


@require_safe
@requires(Right.SUMMARIES)
def as_workbook(request: HttpRequest, member: Member, branch: str, month: Month) -> HttpResponse:
    return _file(_report(request, member, branch, month), sheets.workbook, XLSX, "xlsx")


@require_safe
@requires(Right.SUMMARIES)
def as_text(request: HttpRequest, member: Member, branch: str, month: Month) -> HttpResponse:
    report = _report(request, member, branch, month)
    return _file(report, sheets.text, "text/csv; charset=utf-8", "csv")


def _report(request: HttpRequest, member: Member, branch: str, month: Month) -> Report:
    """The version that was asked for; raises Http404 if there is none, or not for this member."""
    asked = request.GET.get("version")
    version = typed.number(asked, most=typed.SMALL)
    if asked and version is None:
        raise Http404
    report = summary_screen.report(branch_for(member, Right.SUMMARIES, branch), month, version)
    if report is None:
        raise Http404
    return report


def _file(
    report: Report, make: Callable[[Report], bytes], content_type: str, suffix: str
) -> HttpResponse:
    summary = report.summary
    version = f"-v{summary.version}" if summary.version > 1 else ""
    name = f"{summary.branch.slug}-{summary.month}{version}.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(make(report), content_type=content_type, headers=headers)

from __future__ import annotations

from django.urls import path

from schedules import quick_views, views

app_name = "schedules"

urlpatterns = [
    path("seen/", views.schedules_seen, name="all-seen"),
    path("<sch:public_id>/", views.schedule_detail, name="detail"),
    path("<sch:public_id>/quick/", quick_views.schedule_quick, name="quick"),
    path("<sch:public_id>/cancellation/", views.schedule_cancel, name="cancel"),
    path("<sch:public_id>/seen/", views.schedule_seen, name="seen"),
    path("<sch:public_id>/posting/", views.schedule_post, name="post"),
]

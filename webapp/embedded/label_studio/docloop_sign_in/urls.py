"""Label Studio's addresses, and ours before them."""

from core.urls import urlpatterns as its_own
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from docloop_sign_in import views


def no_tips(request: HttpRequest) -> HttpResponse:
    """What Label Studio answers without the internet; its pages then show the tips that they have with them."""
    return JsonResponse({}, status=404)


urlpatterns = [
    path("docloop/sign-in/", views.sign_in),
    path("docloop/shut-out/", views.shut_out),
    path("docloop/about/", views.about),
    path("heidi-tips/", no_tips),
    *its_own,
]

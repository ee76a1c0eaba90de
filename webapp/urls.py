"""Every address of Docloop."""

from django.urls import include, path

from annotation import urls as label_studio
from webapp.api.app import api
from webapp.dashboard import urls as dashboard

handler404 = "webapp.api.errors.not_found"
urlpatterns = [
    path("", include(dashboard)),
    path("", include(label_studio)),
    path("api/", api.urls),
]

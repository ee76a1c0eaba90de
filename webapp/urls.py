"""Every address of Docloop."""

from django.contrib.auth import views as auth
from django.urls import include, path

from webapp.dashboard import urls as dashboard

urlpatterns = [
    path("", include(dashboard)),
    path(
        "sign-in/",
        auth.LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True),
        name="sign-in",
    ),
    path("sign-out/", auth.LogoutView.as_view(), name="sign-out"),
]

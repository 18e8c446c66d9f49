"""A portal with mozilla-django-oidc. The settings are those of README."""

import os
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.template import engines
from django.urls import include, path

own = {
    "DEBUG": True,
    "SECRET_KEY": "a secret of the test",
    "ROOT_URLCONF": __name__,
    "ALLOWED_HOSTS": ["127.0.0.1"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "portal.db"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
    "INSTALLED_APPS": ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    "TEMPLATES": [{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
}
with open("settings.py") as f:
    exec(f.read(), own)
settings.configure(**{k: v for k, v in own.items() if k.isupper()})

page = """{% if user.is_authenticated %}<p>{{ user.first_name }} {{ user.last_name }}</p>{% else %}<p>Nobody</p>{% endif %}"""
leave = """<form method="post" action="{% url 'oidc_logout' %}">{% csrf_token %}</form>"""


def show(text):
    return lambda request: HttpResponse(engines["django"].from_string(text).render({"user": request.user}, request))


urlpatterns = [path("", show(page)), path("leave", show(leave)), path("oidc/", include("mozilla_django_oidc.urls"))]

if __name__ == "__main__":
    execute_from_command_line([sys.argv[0], "migrate", "--verbosity", "0"])
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", f"127.0.0.1:{os.environ['PORT']}"])

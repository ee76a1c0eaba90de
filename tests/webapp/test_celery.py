import subprocess
import sys


def test_a_process_with_django_rings_at_the_configured_broker():
    """In any thread: gunicorn answers requests in threads of its own."""
    script = (
        "import django, threading; django.setup(); from celery import current_app; "
        "thread = threading.Thread(target=lambda: print(current_app.main, current_app.conf.broker_url)); "
        "thread.start(); thread.join()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"DJANGO_SETTINGS_MODULE": "webapp.settings", "DOCLOOP_BROKER_URL": "redis://127.0.0.1:1/7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["docloop", "redis://127.0.0.1:1/7"]

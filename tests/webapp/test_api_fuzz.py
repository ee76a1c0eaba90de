"""The API against its own description: requests that Schemathesis makes up, good and bad, in every role (T20).

Each operation is asked by itself, over HTTP; and there are walks, on which what one answer names is what the next
request is about. `--api-examples 2000` and, for the walks, `--chaos-full` are the long forms; what was asked stands in
the failure, as a command to ask it again.
"""

from collections import Counter

import hypothesis
import hypothesis.stateful
import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from ninja.throttling import AuthRateThrottle
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from annotation.models import Job
from tests.conftest import person
from tests.factories import make_document, make_extraction, make_source, make_type, make_version
from tests.webapp.test_queries import fill
from webapp.api.app import api
from webapp.models import ApiToken, Delivery, WebhookEndpoint

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(0)]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MADE_UP = hypothesis.settings(
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# role: share of the examples; whoever is let in to more is tried with more
ROLES = {"none": 1 / 4, "annotator": 1 / 4, "viewer": 1 / 2, "lead": 1, "operator": 1 / 2, "admin": 1}


# walks of a role, and the steps of each: an operation is come upon 3 times on the way to all roles in the short form, and
# more than a thousand times in the long one, which takes hours
SHORT, LONG = (5, 12), (1250, 20)


@pytest.fixture
def description():
    return schemathesis.openapi.from_dict(api.get_openapi_schema(path_prefix="/api/"))


@pytest.fixture
def known(db, monkeypatch):
    """Objects that are there, and their ids: made-up ones are of nothing."""
    monkeypatch.setattr("webapp.services.check", list)  # no other services here
    monkeypatch.setattr(AuthRateThrottle, "allow_request", lambda *_: True)
    kind = make_type(name="receipts")
    fill(kind)
    document = make_document(kind)
    make_extraction(document)
    version = make_version(kind)
    endpoint = WebhookEndpoint.objects.create(
        url="https://hooks.example.org/", events=["correction.recorded"], salt="s"
    )
    source = make_source()
    return {
        "source_id": source.pk,
        "arrival_id": source.arrivals.get().pk,
        "document_id": document.pk,
        "number": 0,
        "name": "receipts",
        "form": "jsonl",
        "run_id": version.run_id,
        "user_id": person("bea", "annotator").pk,
        "endpoint_id": endpoint.pk,
        "delivery_id": Delivery.objects.create(endpoint=endpoint, event="ping", about="1", payload={}).pk,
        "job_id": Job.objects.create(task="annotation.read_document", subject=document.pk, state="failed").pk,
        "correction_id": kind.documents.filter(truth__isnull=False).first().truth_id,
        "version": version.name,
        "other": kind.versions.exclude(pk=version.pk).first().name,
    }


def caller(role: str) -> User:
    return person(f"caller-{role}", None if role == "none" else role)


@pytest.mark.parametrize("role", ROLES)
def test_every_answer_is_as_described(role, description, known, live_server, request):
    examples = max(1, round(ROLES[role] * request.config.getoption("--api-examples")))
    headers = {"Authorization": f"Bearer {ApiToken.issue(caller(role))}"}
    wrong = []
    for operation in [each.ok() for each in description.get_all_operations()]:
        try:
            ask(operation, known, live_server.url, headers, examples)
        except (Exception, FailureGroup) as problem:  # all that is wrong is told at once
            wrong.append(f"{operation.label}: {problem}")
    assert wrong == [], "\n\n".join(wrong)


def test_what_is_no_json_or_too_long_is_answered_as_described(description, lea, live_server):
    headers = {"Authorization": f"Bearer {ApiToken.issue(lea)}"}
    for body, status in ((b"\x00 kt", 400), (b" " * 3_000_000, 413)):
        case = description["/api/runs"]["POST"].Case(body={})
        answer = case.call(live_server.url, headers=headers | {"Content-Type": "application/json"}, data=body)
        assert answer.status_code == status
        case.validate_response(answer, checks=CHECKS)


def ask(operation, known, url, headers, examples) -> None:
    """Some requests that are as described, about what is there and about what isn't, and some that aren't."""
    good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)
    here = known | ({"name": known["version"]} if "/versions/" in operation.path else {})

    @hypothesis.settings(MADE_UP, max_examples=examples)
    @given(case=st.one_of(good, good, bad), real=st.booleans())
    def test(case, real):
        if real:
            case.path_parameters.update(
                {name: here[name] for name in case.path_parameters or {} if name in here}
            )
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=60)

    test()


@pytest.mark.parametrize("role", ["viewer", "lead", "operator", "admin"])
def test_every_answer_on_a_walk_through_the_api_is_as_described(role, description, known, request):
    """Within this process, by the way of WSGI: over HTTP a step takes twice as long."""
    walks, steps = LONG if request.config.getoption("--chaos-full") else SHORT
    headers = {"Authorization": f"Bearer {ApiToken.issue(caller(role))}"}
    description.app = get_wsgi_application()
    taken = Counter()

    class Walk(description.as_state_machine()):
        def get_call_kwargs(self, case):
            return {"base_url": "http://testserver", "headers": headers}

        def validate_response(self, response, case, **_):
            taken[case.operation.label, response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

    hypothesis.stateful.run_state_machine_as_test(
        Walk,
        settings=hypothesis.settings(MADE_UP, max_examples=walks, stateful_step_count=steps),
    )
    assert taken.total() >= walks
    assert any(status < 300 for _, status in taken)

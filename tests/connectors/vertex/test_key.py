import json
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.vertex_key import VertexCredential, table_parts, token_uri
from demo.vertex_key import READER, key_file
from tests.connectors.contract import MARKER

GOOGLE = "https://oauth2.googleapis.com/token"


def real_key(**changes: Any) -> dict[str, Any]:
    return {**key_file(token_uri=GOOGLE), **changes}


@pytest.fixture(autouse=True)
def at_google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPENDGLASS_ENDPOINT_VERTEX", raising=False)


@pytest.mark.parametrize(
    "given",
    [
        real_key(),
        {"serviceAccount": json.dumps(real_key())},
        {"serviceAccount": real_key()},
        {"serviceAccount": f"\n {json.dumps(real_key(), indent=2)} \n"},
        real_key(exportTable="other-project.billing", jobProject="acme-finops", limitGib="20"),
        real_key(private_key=key_file()["private_key"].replace("\n", "\\n")),
        real_key(token_uri="https://accounts.google.com/o/oauth2/token"),
    ],
    ids=["bare", "pasted", "nested", "with blanks", "with options", "escaped line breaks", "old token address"],
)
def test_a_key_file_is_taken_in_every_way_people_hand_it_over(given: dict[str, Any]) -> None:
    credential = VertexCredential.model_validate(given)
    stored = json.loads(credential.service_account.get_secret_value())
    assert stored["client_email"] == READER
    assert stored["private_key"].count("\n") > 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AIzaSy0123456789", "API keys cannot read billing data"),
        ("AQ.Ab0123456789", "API keys cannot read billing data"),
        ("ya29.0123456789", "expires within the hour"),
        ("GOCSPX-0123456789", "OAuth client"),
        ("-----BEGIN PRIVATE KEY-----\n0123", "private key alone"),
        ("sk-ant-admin01-0123456789", "Anthropic"),
        ("sk-or-v1-0123456789", "OpenRouter"),
        ("sk-proj-0123456789", "OpenAI"),
        ("AKIA0123456789ABCDEF", "AWS"),
        ("ASIA0123456789ABCDEF", "AWS"),
        ("ABSK0123456789", "Bedrock"),
        ("key_0123456789", "Runway"),
        ("", "including the braces"),
        ("{", "including the braces"),
        ("[]", "including the braces"),
        ("7", "including the braces"),
        ("[" * 10_000, "including the braces"),
        (json.dumps({"type": "service_account", "x": "0123" * 10_000}), "including the braces"),
        ("{}", "not a service-account key"),
        ('{"type": "authorized_user"}', "login of a person"),
        ('{"type": "external_account"}', "workload identity"),
        ('{"type": "impersonated_service_account"}', "impersonates"),
        ('{"type": "gdch_service_account"}', "Distributed Cloud"),
        ('{"type": ["0123"]}', "of another kind"),
        ('{"type": "service_account", "private_key": "0123"}', "lacks client_email, project_id, token_uri"),
        (json.dumps(real_key(private_key="0123")), "private_key in the file is damaged"),
        (json.dumps(real_key(private_key=key_file()["private_key"][:-80])), "private_key in the file is damaged"),
        (json.dumps(real_key(project_id="0123; DROP")), "project_id"),
        (json.dumps(real_key(token_uri="http://169.254.169.254/0123")), "not Google's"),
        (json.dumps(real_key(token_uri="https://oauth2.googleapis.com.attacker.example/token")), "not Google's"),
        (json.dumps(real_key(token_uri="token")), "not Google's"),
        (json.dumps(real_key(universe_domain="attacker.example")), "not Google's"),
    ],
)
def test_a_secret_of_the_wrong_kind_is_named_by_its_shape(text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        VertexCredential.model_validate({"serviceAccount": text})
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize("field", ["exportTable", "jobProject"])
@pytest.mark.parametrize("name", ["a b", "x`; DROP TABLE y", "project.dataset.table.more", "..", "é.billing"])
def test_a_name_that_could_reach_the_query_as_more_than_a_name_is_refused(field: str, name: str) -> None:
    with pytest.raises(ValidationError):
        VertexCredential.model_validate(real_key(**{field: name}))


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("acme-finops.billing", ("acme-finops", "billing", None)),
        ("acme-finops:billing", ("acme-finops", "billing", None)),
        ("acme-finops:billing.export", ("acme-finops", "billing", "export")),
        ("`acme-finops.billing.export`", ("acme-finops", "billing", "export")),
        ("`acme-finops`.`billing`", ("acme-finops", "billing", None)),
        ("example.com:acme-finops.billing", ("example.com:acme-finops", "billing", None)),
        ("my_dataset", (None, "my_dataset", None)),
    ],
)
def test_the_export_is_named_as_any_of_googles_tools_prints_it(
    name: str, parts: tuple[str | None, str | None, str | None]
) -> None:
    assert table_parts(VertexCredential.model_validate(real_key(exportTable=name)).export_table) == parts


def test_a_relative_token_address_stands_on_the_replaced_endpoint_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPENDGLASS_ENDPOINT_VERTEX", "http://127.0.0.1:9050/vertex")
    assert VertexCredential.model_validate(key_file()).hint.startswith(READER)
    assert token_uri(key_file()) == "http://127.0.0.1:9050/vertex/token"
    assert token_uri(real_key()) == GOOGLE
    assert VertexCredential.model_validate(real_key(token_uri="http://localhost:9051/token"))
    for uri in ("http://127.0.0.2:9050/token", "//attacker.example/token", "file:///etc/passwd"):
        with pytest.raises(ValidationError, match="not Google's"):
            VertexCredential.model_validate(real_key(token_uri=uri))


def test_the_hint_is_known_to_the_owner_and_useless_to_others() -> None:
    assert VertexCredential.model_validate(real_key()).hint == f"{READER} …adcafe"


def test_an_unknown_member_beside_the_key_is_refused_unseen() -> None:
    with pytest.raises(ValidationError) as caught:
        VertexCredential.model_validate({"serviceAccount": json.dumps(real_key()), MARKER: MARKER})
    assert "extra" in str(caught.value.errors(include_input=False)[0]["type"])

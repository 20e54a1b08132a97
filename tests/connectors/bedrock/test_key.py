"""Keys of all kinds, and the sentence each gets."""

import pytest
from pydantic import ValidationError

from connectors.bedrock_key import BedrockCredential
from tests.connectors.bedrock.fake import KEY_ID

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ZERO_WIDTH = "\u200b"


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        (KEY_ID, SECRET),
        (f"  {KEY_ID}\n", f"{SECRET}\n"),
        (f'"{KEY_ID}"', f"'{SECRET}'"),
        (f"{ZERO_WIDTH}{KEY_ID}", f"{SECRET}\ufeff"),
        (KEY_ID, SECRET[:39]),
    ],
)
def test_a_key_is_taken_without_what_came_along(key: str, secret: str) -> None:
    credential = BedrockCredential.model_validate({"accessKeyId": key, "secretAccessKey": secret})
    assert credential.access_key_id == KEY_ID
    assert credential.secret_access_key.get_secret_value() == secret.strip("\n'\ufeff")
    assert credential.region == "us-east-1"
    assert credential.hint == "AKIA…MPLE"
    assert SECRET not in repr(credential)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("ABSKQmVkcm9ja0FQSUtleS1hYmNk", "This is a Bedrock API key (ABSK…): it can call models, but AWS gives it no"),
        ("bedrock-api-key-YmVkcm9jay5hbWF6b25hd3M", "It also expires within 12 hours."),
        ("ASIAIOSFODNN7EXAMPLE", "This is a temporary key (ASIA…)"),
        ("AIDAIOSFODNN7EXAMPLE", "identifier of an IAM user"),
        ("AROAIOSFODNN7EXAMPLE", "identifier of an IAM role"),
        ("AGPAIOSFODNN7EXAMPLE", "identifier of an IAM group"),
        ("arn:aws:iam::111122223333:user/x", "name of an AWS resource"),
        ("sk-ant-admin01-abcdefghij", "This is an Anthropic key"),
        ("sk-or-v1-abcdefghij", "This is an OpenRouter key"),
        ("sk-admin-abcdefghijkl", "This is a key of OpenAI or LiteLLM"),
        ("sk-1234567890abcdef", "This is a key of OpenAI or LiteLLM"),
        ("AIzaSyabcdefghijklmnop", "This is a Google API key"),
        ("key_0123456789abcdef", "This is a Runway key"),
        ('{"type": "service_account"}', "This is a JSON document"),
        ("akiaiosfodnn7example", "An access key ID is AKIA and 16 more"),
        ("AKIA…MPLE", "An access key ID is AKIA and 16 more"),
        ("", "An access key ID is AKIA and 16 more"),
    ],
)
def test_another_kind_of_key_is_refused_in_words_that_help(key: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BedrockCredential.model_validate({"accessKeyId": key, "secretAccessKey": SECRET})
    [error] = caught.value.errors(include_input=False, include_url=False)
    assert sentence in error["msg"]
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("ABSKQmVkcm9ja0FQSUtleS1hYmNk", "This is a Bedrock API key"),
        ("sk-ant-api03-abcdefghijklmnop", "This is an Anthropic key"),
        (KEY_ID, "This is an access key ID (AKIA…) in the place of the secret"),
        ("wJalrXUtnFEMI K7MDENG bPxRfiCYEXAMPLEKEY", "has no blanks"),
        ("wJalrXUtnFEMI\nK7MDENGbPxRfiCYEXAMPLEKEY", "has no blanks, line breaks"),
        ("wJalrXUtnFEMI…", "special characters"),
        ("wJalrXUtn", "too short"),
    ],
)
def test_another_secret_is_refused_in_words_that_help(secret: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BedrockCredential.model_validate({"accessKeyId": KEY_ID, "secretAccessKey": secret})
    assert sentence in str(caught.value)
    assert secret not in str(caught.value)


@pytest.mark.parametrize("region", ["Frankfurt", "us-east", "", "http://x", "us-east-1.evil.example/"])
def test_a_region_must_look_like_one(region: str) -> None:
    with pytest.raises(ValidationError, match="us-east-1"):
        BedrockCredential.model_validate({"accessKeyId": KEY_ID, "secretAccessKey": SECRET, "region": region})

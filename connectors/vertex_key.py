"""Google's service-account keys: which file reads the billing export, and how other secrets look.

https://cloud.google.com/iam/docs/keys-create-delete - the key is kept as the JSON text that Google gave out.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Credential
from settings import endpoint

BIGQUERY = "https://bigquery.googleapis.com"
GIB = 1024**3
STEPS = """\
1. As a Billing Account Administrator, open Billing → **Billing export** → BigQuery export and enable *Standard usage
   cost*. Google fills the table from then on; a dataset in the multi-region US or EU gets the previous month as well.
2. Under IAM → Service Accounts create an account such as `ai-cost-reader`. Give it **BigQuery Job User** on the project
   that runs the queries, and **BigQuery Data Viewer** on the export's *dataset* only (BigQuery → dataset → Sharing).
3. Create a JSON key for it (Keys → Add key → JSON) and paste the whole file here. Where the export is in another
   project than the key, name it as well: `project.dataset`.

Such a key reads all rows of the billing export - costs of every Google Cloud service, not only of AI - and runs queries
at the project's expense, which the limit beside it bounds. It cannot call models or change anything. To show less, give
it an authorised view of the export and name that."""

_KEY_NEEDED = "Paste the JSON key file of a service account (IAM → Service Accounts → Keys → JSON)."
_WRONG_KINDS = (
    ("AIza", "This is a Gemini or Google API key (AIza…): API keys cannot read billing data."),
    ("AQ.", "This is a Vertex AI API key (AQ.…): API keys cannot read billing data."),
    ("ya29.", "This is an access token (ya29.…), which expires within the hour."),
    ("GOCSPX-", "This is the secret of an OAuth client (GOCSPX-…), not a service account."),
    ("-----BEGIN", "This is the private key alone; the whole JSON file around it is needed."),
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of Google."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of Google."),
    ("sk-", "This is a key of OpenAI or LiteLLM (sk-…), not one of Google."),
    ("AKIA", "This is an AWS access key id (AKIA…), not a key of Google."),
    ("ASIA", "This is a temporary AWS access key id (ASIA…), not a key of Google."),
    ("ABSK", "This is an Amazon Bedrock API key (ABSK…), not a key of Google."),
    ("key_", "This is a Runway key (key_…), not one of Google."),
)
_OTHER_FILES = {
    "authorized_user": "the login of a person (gcloud auth application-default login)",
    "external_account": "a workload identity configuration, which is not supported yet",
    "impersonated_service_account": "a configuration that impersonates a service account",
    "gdch_service_account": "a key of Google Distributed Cloud",
}
_NEEDED_MEMBERS = ("client_email", "private_key", "project_id", "token_uri")
_LONGEST_KEY = 20_000
_TOKEN_URIS = {"https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token"}
_PROJECT = r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]"
_TABLE = re.compile(
    rf"(?:(?P<project>{_PROJECT})[.:])?(?P<dataset>\w{{1,1024}})(?:\.(?P<table>\w{{1,1024}}))?", re.ASCII
)


class VertexCredential(Credential):
    """A service account's key, and where the billing export is. The bare key file is taken as well."""

    service_account: SecretStr = Field(
        alias="serviceAccount",
        title="Service-account key",
        json_schema_extra={"format": "json"},
        description="The whole JSON key file of a service account that may read the billing export.",
    )
    export_table: str | None = Field(
        default=None,
        alias="exportTable",
        title="Billing export",
        description="project.dataset or project.dataset.table; needed where the export is in another project.",
    )
    job_project: str | None = Field(
        default=None,
        alias="jobProject",
        title="Project that pays for the queries",
        description="Default: the key's own project.",
    )
    limit_gib: int = Field(
        default=10,
        alias="limitGib",
        ge=1,
        le=10_000,
        title="Limit per query in GiB",
        description="A query that would read more is refused by BigQuery before it costs anything. Default: 10.",
    )

    @model_validator(mode="before")
    @classmethod
    def _wrap_bare_key(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        own = {name for field, info in cls.model_fields.items() for name in (field, info.alias or field)}
        wrapped = {name: value for name, value in given.items() if name in own}
        if "type" in given or "private_key" in given:
            key = {name: value for name, value in given.items() if name not in own}
            wrapped["serviceAccount"] = json.dumps(key, default=str)
        elif isinstance(given.get("serviceAccount"), Mapping):
            wrapped["serviceAccount"] = json.dumps(dict(given["serviceAccount"]), default=str)
        else:
            return given
        return wrapped

    @field_validator("service_account")
    @classmethod
    def _is_of_the_right_kind(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value().strip()
        for prefix, verdict in _WRONG_KINDS:
            if text.startswith(prefix):
                raise ValueError(f"{verdict} {_KEY_NEEDED}")
        key = _parsed(text)
        if key.get("type") != "service_account":
            kind = _OTHER_FILES.get(str(key.get("type")), "of another kind")
            raise ValueError(f"This file is not a service-account key: it is {kind}. {_KEY_NEEDED}")
        if missing := [name for name in _NEEDED_MEMBERS if not isinstance(key.get(name), str) or not key[name]]:
            raise ValueError(f"The key file lacks {', '.join(missing)}. Paste the whole file.")
        if not re.fullmatch(_PROJECT, key["project_id"], re.ASCII):
            raise ValueError("The key file's project_id is not the id of a project.")
        key["private_key"] = _repaired(key["private_key"])
        if not _is_google_universe(key):
            raise ValueError("The key file's token_uri or universe_domain is not Google's. Such a key is not used.")
        return SecretStr(json.dumps(key))

    @field_validator("export_table")
    @classmethod
    def _is_a_table_path(cls, value: str | None) -> str | None:
        path = (value or "").replace("`", "").strip()
        if path and not _TABLE.fullmatch(path):
            raise ValueError("The billing export is named project.dataset or project.dataset.table.")
        return path or None

    @field_validator("job_project")
    @classmethod
    def _is_a_project(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(_PROJECT, value, re.ASCII):
            raise ValueError("The project that pays is given by its id, such as acme-finops, not by its name.")
        return value or None

    @property
    def hint(self) -> str:
        """Whose key it is, and the end of the key's id, which is public."""
        key = json.loads(self.service_account.get_secret_value())
        return f"{key['client_email']} …{str(key.get('private_key_id', ''))[-6:]}"


def table_parts(path: str | None) -> tuple[str | None, str | None, str | None]:
    """Project, dataset and table of a name that the credential accepted; None what it leaves open."""
    found = _TABLE.fullmatch(path or "")
    return (found["project"], found["dataset"], found["table"]) if found else (None, None, None)


def token_uri(key: Mapping[str, Any]) -> str:
    """Where the key asks for access, a relative one counted from `SPENDGLASS_ENDPOINT_VERTEX`."""
    return urljoin(f"{endpoint('vertex', BIGQUERY)}/", str(key["token_uri"]))


def _parsed(text: str) -> dict[str, Any]:
    try:
        key = json.loads(text) if len(text) <= _LONGEST_KEY else None
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, dict):
        raise ValueError(  # noqa: TRY004 - a validator's word for people
            f"This is not the JSON of a key file; paste it whole, including the braces. {_KEY_NEEDED}"
        )
    return key


def _repaired(pem: str) -> str:
    """The private key with real line breaks: copies through environment files write them as two characters."""
    if "\n" not in pem:
        pem = pem.replace("\\n", "\n")
    try:
        load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        is_sound = False
    else:
        is_sound = True
    if not is_sound:
        raise ValueError("The private_key in the file is damaged. Download a new key and paste the whole file.")
    return pem


def _is_google_universe(key: Mapping[str, Any]) -> bool:
    """A signed request goes wherever the key says: only to Google, or to the host that replaces Google here."""
    uri, own = token_uri(key), endpoint("vertex", BIGQUERY)
    is_own = own != BIGQUERY and _host(uri) == _host(own)
    return (uri in _TOKEN_URIS or is_own) and key.get("universe_domain", "googleapis.com") == "googleapis.com"


def _host(url: str) -> str:
    """The host of a URL, whatever its port; the names of this machine are one."""
    host = urlsplit(url).hostname or ""
    return "localhost" if host in {"127.0.0.1", "::1"} else host

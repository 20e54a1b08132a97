"""AWS's keys: which kind reads costs, and how the others look.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

import re

from pydantic import Field, SecretStr, field_validator

from connectors.base import Credential

STEPS = """\
1. Sign in to the **management (payer) account** of your AWS organization, or to the account itself if it stands alone,
   and open **Cost Explorer** once: it cannot be switched on from outside, and its first data come after about a day.
2. As its root user, open *Account* and activate **IAM user and role access to Billing information**.
3. In *IAM → Policies* create a policy with exactly this:

       {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["ce:GetCostAndUsage", "ce:GetDimensionValues"], "Resource": "*"}]}

4. In *IAM → Users* create a user without console access, attach the policy, and create an **access key** for it.
5. Copy access key ID (`AKIA…`) and secret access key here. The region only names the partition of AWS: leave it as it
   is unless the account is in GovCloud, China or the European Sovereign Cloud.

AWS charges $0.01 for every Cost Explorer request. A sync of one account makes 3, or 4 with credits, twice a day: about
$2.40 a month. Each linked account of an organization adds 1 or 2, and AWS's own few updates a day 1 more where one
falls into a sync. Sync Logs show what each sync has cost, and `SPENDGLASS_SYNC_BUDGET` is the most that syncs may cost
in a month.

Such a key reads the costs of all services of the organization, not only of Bedrock: Cost Explorer cannot be narrowed.
It cannot call models and cannot change anything. A key of the management account sees all linked accounts and their
credits; one of a member account sees only itself, and credits only if the management account allows that."""

_NEEDED = (
    "Use access key ID (AKIA…) and secret access key of an IAM user that may call ce:GetCostAndUsage and "
    "ce:GetDimensionValues."
)
_BEDROCK_KEY = "This is a Bedrock API key ({prefix}…): it can call models, but AWS gives it no access to billing data."
_WRONG_KINDS = (
    ("ABSK", _BEDROCK_KEY.format(prefix="ABSK")),
    ("bedrock-api-key-", _BEDROCK_KEY.format(prefix="bedrock-api-key-") + " It also expires within 12 hours."),
    ("AIDA", "This is the identifier of an IAM user (AIDA…), not an access key."),
    ("AROA", "This is the identifier of an IAM role (AROA…), not an access key."),
    ("AGPA", "This is the identifier of an IAM group (AGPA…), not an access key."),
    ("arn:", "This is the name of an AWS resource (arn:…), not an access key."),
    ("sk-ant-", "This is an Anthropic key (sk-ant-…), not one of AWS."),
    ("sk-or-", "This is an OpenRouter key (sk-or-…), not one of AWS."),
    ("sk-", "This is a key of OpenAI or LiteLLM (sk-…), not one of AWS."),
    ("AIza", "This is a Google API key (AIza…), not one of AWS."),
    ("key_", "This is a Runway key (key_…), not one of AWS."),
    ("{", "This is a JSON document, such as a Google service account, not a key of AWS."),
)
_TEMPORARY = (
    "This is a temporary key (ASIA…): it stops working within hours, so scheduled syncs would fail. "
    "Create an access key for a dedicated IAM user."
)
_ACCESS_KEY_ID = re.compile(r"AKIA[A-Z0-9]{12,124}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d", re.ASCII)
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
_SHORTEST_SECRET = 16


class BedrockCredential(Credential):
    """The access key of an IAM user."""

    access_key_id: str = Field(
        alias="accessKeyId", title="Access key ID", description="AKIA…, of an IAM user with Cost Explorer permissions."
    )
    secret_access_key: SecretStr = Field(
        alias="secretAccessKey", title="Secret access key", description="40 characters, shown once by AWS."
    )
    region: str = Field(
        default="us-east-1",
        title="Region",
        description="Names the partition of AWS only; costs of all regions come whatever it says.",
    )

    @field_validator("access_key_id")
    @classmethod
    def _is_an_access_key(cls, value: str) -> str:
        key = _cleaned(value)
        _refuse_wrong_kind(key)
        if key.startswith("ASIA"):
            raise ValueError(_TEMPORARY)
        if not _ACCESS_KEY_ID.fullmatch(key):
            raise ValueError(f"An access key ID is AKIA and 16 more capital letters and digits. {_NEEDED}")
        return key

    @field_validator("secret_access_key")
    @classmethod
    def _is_a_secret(cls, value: SecretStr) -> SecretStr:
        key = _cleaned(value.get_secret_value())
        _refuse_wrong_kind(key)
        if _ACCESS_KEY_ID.fullmatch(key):
            raise ValueError("This is an access key ID (AKIA…) in the place of the secret access key.")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("A secret access key has no blanks, line breaks or special characters. Copy it again.")
        if len(key) < _SHORTEST_SECRET:
            raise ValueError("This is too short to be a secret access key, which has 40 characters. Copy it again.")
        return SecretStr(key)

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if not _REGION.fullmatch(value):
            raise ValueError("A region of AWS looks like us-east-1.")
        return value

    @property
    def hint(self) -> str:
        return f"{self.access_key_id[:4]}…{self.access_key_id[-4:]}"


def _cleaned(pasted: str) -> str:
    """Without what comes along when a key is copied: blanks, quotes and invisible characters around it."""
    return pasted.strip(f" \t\r\n\"'{_INVISIBLE}")


def _refuse_wrong_kind(key: str) -> None:
    for prefix, verdict in _WRONG_KINDS:
        if key.startswith(prefix):
            raise ValueError(f"{verdict} {_NEEDED}")

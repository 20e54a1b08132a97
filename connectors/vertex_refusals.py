"""How Google says no, and what each refusal asks of the reader.

https://cloud.google.com/bigquery/docs/error-messages - told by status and reason; a text is classified, never quoted.
"""

import ssl
from socket import gaierror

from connectors.answers import RequestRefused
from connectors.errors import (
    ConnectorError,
    CredentialLacksBilling,
    CredentialRejected,
    ProviderUnavailable,
    RateLimited,
)

PROVIDER = "Google BigQuery"
RELINK = "Then re-link the account."


def rejected(text: str) -> CredentialRejected:
    """Why the token endpoint took no key."""
    lowered = text.lower()
    for words, message, cause in (
        ("jwt signature", "Google does not know this key any more.", "The key was deleted, or is of another account."),
        ("account not found", "Google does not know this service account.", "The service account was deleted."),
        ("disabled", "Google has disabled this service account.", "An administrator, or Google, switched it off."),
        ("short-lived token", "Google refused the key because of the time.", "The clock of this machine is wrong."),
    ):
        if words in lowered:
            return CredentialRejected(message, likely_cause=cause)
    return CredentialRejected("Google gave no access for this key.")


def refusal(code: int | None, reason: str, text: str, path: str, project: str) -> ConnectorError:
    """The refusal of BigQuery by its next step; `project` is the one that runs the queries."""
    lowered = text.lower()
    if reason in {"rateLimitExceeded", "quotaExceeded", "jobRateLimitExceeded"} or code == 429:  # noqa: PLR2004
        return _limited(reason, project)
    if reason in {"backendError", "internalError"} or code is None or code >= 500 or code == 408:  # noqa: PLR2004
        return ProviderUnavailable(f"{PROVIDER} could not answer {path} (status {code}).")
    if code in {401, 403, 404}:
        return _no_access(code, reason, lowered, project)
    return _not_run(code, reason, path)


def _no_access(code: int, reason: str, lowered: str, project: str) -> ConnectorError:
    if code == 401:  # noqa: PLR2004
        return CredentialRejected("Google does not accept the key's access token (status 401).")
    if code == 404:  # noqa: PLR2004
        return CredentialLacksBilling(
            "Google does not find the billing export under this name.",
            likely_cause="The dataset or table was renamed, deleted or moved to another location.",
            resolution=f"Check project, dataset and table in the BigQuery console. {RELINK}",
        )
    return _forbidden(reason, lowered, project)


def _not_run(code: int, reason: str, path: str) -> ConnectorError:
    if reason == "bytesBilledLimitExceeded":
        return RequestRefused(
            "The query would read more than this account's limit; BigQuery did not run it, and it cost nothing.",
            status=400,
            likely_cause="The export has grown beyond the limit per query: re-link the account with a higher one.",
        )
    if reason == "invalidQuery":
        return RequestRefused(
            f"{PROVIDER} can not run the query on this table (invalidQuery).",
            status=400,
            likely_cause="The table is no billing export, or a view that leaves out some of its columns.",
        )
    return RequestRefused(f"{PROVIDER} refused the request to {path} (status {code}).", status=code)


def _limited(reason: str, project: str) -> ConnectorError:
    if reason == "quotaExceeded":
        return RateLimited(
            f"A quota of BigQuery is used up in project {project}.",
            likely_cause="A custom quota on query usage, shared with all other queries of the project.",
        )
    return RateLimited(f"{PROVIDER} limits how often it may be asked in project {project}.")


def _forbidden(reason: str, lowered: str, project: str) -> ConnectorError:
    if reason == "accessNotConfigured" or "service_disabled" in lowered or "has not been used in project" in lowered:
        return CredentialLacksBilling(
            f"The BigQuery API is switched off in project {project}.",
            resolution=f"Enable the BigQuery API there, or name another project that runs the queries. {RELINK}",
        )
    if reason == "billingNotEnabled":
        return CredentialLacksBilling(
            f"Project {project} has no billing account, so that BigQuery runs no query for it.",
            resolution=f"Name a project with billing as the one that pays for the queries. {RELINK}",
        )
    if "jobs.create" in lowered:
        return CredentialLacksBilling(
            f"The service account may not run queries in project {project}.",
            likely_cause="It lacks the role BigQuery Job User there.",
            resolution=f"Grant BigQuery Job User on {project}, or name another project. {RELINK}",
        )
    if "organization's policy" in lowered:
        return CredentialLacksBilling(
            "A rule of your Google organization forbids this access from here.",
            likely_cause="VPC Service Controls, or a policy on where keys may be used.",
        )
    return CredentialLacksBilling(
        "Wrong key type: this service account may not read the billing export, or there is none under this name.",
        likely_cause="It lacks the role BigQuery Data Viewer on the export's dataset, or the name is mistyped.",
        resolution=f"Grant BigQuery Data Viewer on the dataset, or correct the name. {RELINK}",
    )


def unreachable(fault: BaseException, path: str) -> ProviderUnavailable:
    """A network fault in words; only a time-out and an answer cut short are about `path`."""
    reason: BaseException | None = fault
    for _ in range(20):
        for kind, cause in (
            (ssl.SSLCertVerificationError, "Its TLS certificate is not trusted by this machine."),
            (gaierror, "Its name could not be resolved (DNS)."),
            (ConnectionRefusedError, "It refuses the connection: nothing listens at that address."),
            (TimeoutError, "It is slow or out of reach."),
        ):
            if isinstance(reason, kind):
                return ProviderUnavailable(f"{PROVIDER} could not be reached.", likely_cause=cause)
        if reason is None:
            break
        reason = reason.__cause__ or reason.__context__
    return ProviderUnavailable(f"{PROVIDER} gave no whole answer to {path}.")

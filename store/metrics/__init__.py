"""From cost rows to tables: pure functions, frame in, frame out.

Input are costs by series (`series.Spend`) of a window and the one before it. Money columns are whole nano-dollars,
`usage_quantity` whole millionths, `change`, `share` and `unit_cost` floats. Null is "the provider does not say"; 0 is
measured.
"""

from store.metrics.api_keys import API_KEY_COLUMNS, api_keys, key_costs
from store.metrics.costs import COST_COLUMNS, costs, reconciled
from store.metrics.findings import FINDINGS, finding_counts, key_findings, of_finding
from store.metrics.images import IMAGE_COLUMNS
from store.metrics.models import MODEL_COLUMNS, models
from store.metrics.outliers import outliers
from store.metrics.providers import PROVIDER_COLUMNS, providers
from store.metrics.rows import SEARCHED, CostFilter, billed_elsewhere, chosen, contains, left_out, spending
from store.metrics.sums import MEASURES, MONEY, TOKENS, totals
from store.metrics.trends import daily
from store.metrics.workspaces import PART_COLUMNS, WORKSPACE_COLUMNS, unnamed, workspace_parts, workspaces

__all__ = [
    "API_KEY_COLUMNS", "COST_COLUMNS", "FINDINGS", "IMAGE_COLUMNS", "MEASURES", "MODEL_COLUMNS", "MONEY",
    "PART_COLUMNS", "PROVIDER_COLUMNS", "SEARCHED", "TOKENS", "WORKSPACE_COLUMNS", "CostFilter", "api_keys",
    "billed_elsewhere", "chosen", "contains", "costs", "daily", "finding_counts", "key_costs", "key_findings",
    "left_out", "models", "of_finding", "outliers", "providers", "reconciled", "spending", "totals", "unnamed",
    "workspace_parts", "workspaces",
]  # fmt: skip

"""The little CSS that the theme has no setting for: spacing, a trend beside its figure, and small screens."""

STYLE = """<style>
.stMainBlockContainer { max-width: 1400px; padding: 2rem 2rem 4rem; }
.st-key-page-head h1 { padding: 0; }
:is(.stLayoutWrapper, [data-testid="stLayoutWrapper"]):has(> .st-key-unseen), .st-key-unseen { display: none; }
.st-key-teach, .st-key-empty { padding: 48px 0; }
[data-testid="stMetric"] { position: relative; }
[data-testid="stMetric"] > div:has(> [data-testid="stMetricChart"]) {
  position: absolute; right: 16px; top: 16px; width: 56px; margin: 0; padding: 0;
}
[data-testid="stCaptionContainer"] { opacity: 0.78; }
[data-testid="stTextInput"] input::placeholder { color: inherit; opacity: 0.75; }
[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
.stButtonGroup button[aria-checked="true"], .stButtonGroup button[aria-checked="true"] * {
  color: inherit !important; font-weight: 600;
}
.st-key-chart-and-legend { container-type: inline-size; }
@container (max-width: 610px) { .st-key-chart-prices .textpoint { display: none; } }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13px; }
.legend span { display: inline-flex; align-items: center; gap: 8px; min-width: 0; overflow-wrap: anywhere; }
.legend i { flex: none; width: 12px; height: 12px; border-radius: 2px; }
.legend i.line { width: 20px; height: 0; border-radius: 0; border-top: 2px dotted; }
@media (max-width: 1240px) {
  .st-key-cards { grid-template-columns: 1fr 1fr !important; }
  .st-key-filter-bar:has(.st-key-cost-range) > .st-key-search { flex-basis: calc(100% - 475px); }
}
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 3.5rem 1rem 3rem; }
  .st-key-page-head > :first-child { flex-basis: 100%; }
  .st-key-cards [data-testid="stMetric"] { padding: 0; }
  .st-key-cards div:has(> [data-testid="stMetricDelta"]) { flex-wrap: wrap; }
  .st-key-cards :is([data-testid="stMetricDelta"], [data-testid="stMetricDeltaDescription"]) * { white-space: normal; }
  .st-key-cards [data-testid="stMetricValue"] { font-size: 1.35rem; }
  .st-key-cards [data-testid="stMetric"] > div:has(> [data-testid="stMetricChart"]) { display: none; }
  .st-key-filter-bar { display: grid; grid-template-columns: 1fr 1fr; }
  .st-key-filter-bar > *, .st-key-filter-bar > * > * { width: 100% !important; min-width: 0; }
  .st-key-filter-bar > .st-key-days { grid-column: 1 / -1; }
  .st-key-filter-bar:not(:has(.st-key-cost-range)) > .st-key-search { grid-column: 1 / -1; }
  :is(.st-key-chart-provider, .st-key-chart-model, .st-key-chart-workspace) .annotation { display: none; }
  .st-key-workspace-head > :first-child { flex-basis: 100%; }
  .legend { gap: 4px 16px; }
}
</style>"""

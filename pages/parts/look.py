"""The little CSS that the theme has no setting for: spacing, a trend beside its figure, and small screens."""

STYLE = """<style>
.stMainBlockContainer { max-width: 1400px; padding: 2rem 2.5rem 4rem; }
.st-key-page-head h1 { padding: 0; }
.st-key-teach, .st-key-empty { padding: 48px 0; }
[data-testid="stMetric"] { position: relative; }
[data-testid="stMetric"] > div:has(> [data-testid="stMetricChart"]) {
  position: absolute; right: 16px; top: 16px; width: 56px; margin: 0; padding: 0;
}
[data-testid="stCaptionContainer"] { opacity: 0.78; }
[data-testid="stTextInput"] input::placeholder { color: inherit; opacity: 0.75; }
[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) { display: none; }
button[data-variant="pills"][aria-checked="true"], button[data-variant="pills"][aria-checked="true"] * {
  color: inherit !important; font-weight: 600;
}
@media (max-width: 640px) { .stMainBlockContainer { padding: 3.5rem 1rem 3rem; } }
</style>"""

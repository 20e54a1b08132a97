"""How to point a client here, in lines to copy."""

from urllib.parse import urlsplit

import streamlit as st


def steps(url: str) -> None:
    """The settings of each kind of client, with the address of this server. `url` is that of any of its pages."""
    base = address(url)
    st.subheader("Point a client here", anchor=False)
    st.markdown("**Revenium SDK** (`revenium-python-sdk`): set two variables, import the middleware once.")
    st.code(
        f'export REVENIUM_METERING_BASE_URL="{base}/meter"\n'
        'export REVENIUM_METERING_API_KEY="hak_…"\n'
        "# in the application: import revenium_middleware.openai",
        language=None,
    )
    st.markdown("**OpenTelemetry** (any instrumentation that writes `gen_ai.*` spans), protobuf or JSON over HTTP.")
    st.code(
        f'export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="{base}/v1/traces"\n'
        'export OTEL_EXPORTER_OTLP_TRACES_HEADERS="x-api-key=hak_…"\n'
        'export OTEL_EXPORTER_OTLP_TRACES_PROTOCOL="http/protobuf"',
        language=None,
    )
    st.markdown("**LiteLLM**: link the proxy on AI Accounts; its calls count for the providers behind it.")
    if urlsplit(base).hostname in {"127.0.0.1", "localhost", "::1"}:
        st.caption("This address reaches the server from its own machine alone.")


def address(url: str) -> str:
    """Scheme and host of the server; the loopback address where the browser does not say."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "http://127.0.0.1:8501"

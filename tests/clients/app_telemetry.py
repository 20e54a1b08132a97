"""An application that uses OpenAI and Anthropic, traced by OpenTelemetry.

Its agent's span says again what the call inside it used, as agent frameworks do.
"""

import contextlib
import sys

import anthropic
import openai
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.anthropic import AnthropicInstrumentor
from opentelemetry.instrumentation.openai import OpenAIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SAID = "a secret question"
QUESTION = [{"role": "user", "content": SAID}]
CLAUDE = "claude-sonnet-4-5-20250929"
AGENT = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.usage.input_tokens": 1200,
    "gen_ai.usage.output_tokens": 300,
}


def use_openai(client: openai.OpenAI) -> None:
    with trace.get_tracer("desk").start_as_current_span("invoke_agent desk", attributes=AGENT):
        client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    for _ in client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, **streamed):
        pass
    client.responses.create(model="gpt-5.6-sol", input=SAID)
    client.embeddings.create(model="text-embedding-3-small", input=SAID)
    with contextlib.suppress(openai.BadRequestError):
        client.chat.completions.create(model="gpt-4o-refused", messages=QUESTION)


def use_anthropic(client: anthropic.Anthropic) -> None:
    client.messages.create(model=CLAUDE, max_tokens=500, messages=QUESTION)
    with client.messages.stream(model=CLAUDE, max_tokens=500, messages=QUESTION) as stream:
        stream.until_done()


def main() -> int:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    OpenAIInstrumentor().instrument()
    AnthropicInstrumentor().instrument()
    use_openai(openai.OpenAI())
    use_anthropic(anthropic.Anthropic())
    return 0 if provider.force_flush() else 1


if __name__ == "__main__":
    sys.exit(main())

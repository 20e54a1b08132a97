"""Usage types as they stand on real bills, and what we read out of them."""

import pytest

from connectors.bedrock_lines import Label, model_names, read_label

OWN = "Amazon Bedrock"


@pytest.mark.parametrize(
    ("usage_type", "label"),
    [
        ("USE1-Claude3Sonnet-input-tokens", Label("claude-3-sonnet", "", "input", 1_000)),
        ("USE1-Claude2.0-input-tokens", Label("claude-2.0", "", "input", 1_000)),
        ("USE1-NovaLite-output-tokens", Label("nova-lite", "", "output", 1_000)),
        ("NovaLite-output-tokens", Label("nova-lite", "", "output", 1_000)),
        ("USE1-Llama3-1-405B-input-tokens", Label("llama-3-1-405b", "", "input", 1_000)),
        ("USE1-MistralSmall-input-tokens-batch", Label("mistral-small", "batch", "input", 1_000)),
        ("USE1-TitanEmbeddingV2-Text-input-tokens", Label("titan-embedding-v2", "", "input", 1_000)),
        ("USE1-zai.glm-4.7-output-tokens-batch", Label("glm-4.7", "batch", "output", 1_000)),
        ("USE1-moonshotai.kimi-k2.5-input-tokens", Label("kimi-k2.5", "", "input", 1_000)),
        (
            "USE1-GPT-OSS-Safeguard-20B-input-tokens-priority",
            Label("gpt-oss-safeguard-20b", "priority", "input", 1_000),
        ),
        ("USE1-Gemma-3-4B-IT-input-tokens-flex", Label("gemma-3-4b-it", "flex", "input", 1_000)),
        (
            "USE1-Claude3-5Haiku-input-tokens-latency-optimized",
            Label("claude-3-5-haiku", "latency-optimized", "input", 1_000),
        ),
        (
            "USE1-Nova2.0Lite-input-tokens-cross-region-global-batch",
            Label("nova-2.0-lite", "batch global", "input", 1_000),
        ),
        (
            "USE1-Nova2.0Pro-text-input-tokens-priority-cross-region-global",
            Label("nova-2.0-pro", "priority global", "input", 1_000),
        ),
        ("USE1-Qwen3-32B-input-tokens-custom-model", Label("qwen-3-32b", "custom-model", "input", 1_000)),
        (
            "USE1-qwen.qwen3-coder-480b-a35b-instruct-mantle-input-tokens-standard",
            Label("qwen3-coder-480b-a35b-instruct", "", "input", 1_000),
        ),
        (
            "USE1-anthropic.claude-sonnet-4-5-mantle-cache-write-tokens-1h-standard",
            Label("claude-sonnet-4-5", "", "cache_write", 1_000),
        ),
        (
            "USE1-NovaPro-cache-write-input-token-count-custom-model",
            Label("nova-pro", "custom-model", "cache_write", 1_000),
        ),
        (
            "USE1-Nova2.0Lite-cache-read-input-token-count-cross-region-global",
            Label("nova-2.0-lite", "global", "cached_input", 1_000),
        ),
        ("USE1-Claude4Sonnet-cache-write-input-token-count-1-hour", Label("claude-4-sonnet", "", "cache_write", 1_000)),
        (
            "USE1-Nova2.0Pro-input-image-token-count-cross-region-global",
            Label("nova-2.0-pro", "global", "input", 1_000),
        ),
        ("USW2-Nova2.0Omni-input-audio-token-count", Label("nova-2.0-omni", "", "input", 1_000)),
        ("USE1-Nova2.0Omni-output-image-token-count", Label("nova-2.0-omni", "", "output", 1_000)),
        ("USE1-NovaSonic-speech-input-tokens", Label("nova-sonic", "", "input", 1_000)),
        ("USE1-NovaReel-T2V-Medfps-HDRes", Label("nova-reel", "medfps hdres", "seconds")),
        ("USE1-NovaReel-output-seconds", Label("nova-reel", "", "seconds")),
        ("USW2-Ray-V2-T2V-Medfps-HDRes", Label("ray-v2", "medfps hdres", "seconds")),
        ("USE1-NovaCanvas-T2I-1024-Premium", Label("nova-canvas", "1024 premium", "image")),
        ("USE1-cohere.rerank-english-v3-search-units", Label("rerank-english-v3", "", "search")),
        ("USE1-AmazonRerank-v1-searchunits", Label("amazon-rerank-v1", "", "search")),
        (
            "USE1-Nova2.0Lite-ProvisionedThroughput-NoCommit-ModelUnits",
            Label("nova-2.0-lite", "provisioned", "provisioned"),
        ),
        ("USE1-NovaLite-Customization-Training", Label("nova-lite", "customization")),
        ("USE1-Nova2.0Lite-RFT-Training-Hours", Label("nova-2.0-lite", "customization")),
        ("USE1-Guardrail-ContentPolicyUnitsConsumed", Label("bedrock-guardrails", "", "units")),
        ("USE1-GuardrailChecks-PromptAttackCheckUnitsConsumed", Label("bedrock-guardrails", "", "units")),
        ("USE1-Knowledge-Base:Consumption-based:Retrieval", Label("bedrock-knowledge-bases")),
        ("USE1-Runtime:Consumption-based:vCPU", Label("bedrock-agentcore")),
        ("NoUsageType", Label("bedrock-general")),
        ("", Label("bedrock-general")),
        ("USE1-DataTransfer-In-Bytes", Label("bedrock-general", is_known=False)),
        ("USW2-Ray-V2-Medfps-HDRes", Label("ray-v2", "medfps hdres", "seconds")),
    ],
)
def test_usage_types_of_awss_own_service(usage_type: str, label: Label) -> None:
    assert read_label(OWN, usage_type, {}) == label


@pytest.mark.parametrize(
    ("metric", "kind", "variant"),
    [
        ("InputTokenCount", "input", ""),
        ("OutputTokenCount", "output", ""),
        ("InputTokenCount_Global", "input", "global"),
        ("InputTokenCount_Batch", "input", "batch"),
        ("InputTokenCount_Global_Batch", "input", "batch global"),
        ("InputTokenCount_LatencyOptimized", "input", "latency-optimized"),
        ("CacheReadInputTokenCount", "cached_input", ""),
        ("CacheWriteInputTokenCount", "cache_write", ""),
        ("CacheWrite1hInputTokenCount_Global", "cache_write", "global"),
        ("CacheStorage", "other", ""),
        ("input_tokens_standard", "input", ""),
        ("output_tokens_global_standard", "output", "global"),
        ("cache_read_tokens_standard", "cached_input", ""),
        ("cache_write_tokens_1h_global_standard", "cache_write", "global"),
        ("cache_write_tokens_30m_standard", "cache_write", ""),
        ("input_tokens_batch", "input", "batch"),
        ("input_tokens_long_ctx_standard", "input", "long-context"),
        ("input_tokens_long_ctx_global_standard", "input", "long-context global"),
        ("search_units", "search", ""),
        ("created_image", "image", ""),
        ("InputImageCount", "image", ""),
        ("ProvisionedThroughput_1MonthCommit_ModelUnits_Usage", "provisioned", "provisioned"),
        ("Reserved_1Month_InputTPM_Geo", "provisioned", "provisioned"),
        ("Quantum_Widgets", "other", ""),
    ],
)
@pytest.mark.parametrize("region", ["USE1", "EU", "APS3"])
def test_usage_types_of_the_marketplace(region: str, metric: str, kind: str, variant: str) -> None:
    found = read_label("Claude Sonnet 4.5 (Amazon Bedrock Edition)", f"{region}-MP:{region}_{metric}-Units", {})
    factor = 1_000_000 if kind in {"input", "output", "cached_input", "cache_write"} else 0
    assert found == Label("claude-sonnet-4.5", variant, kind, factor)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("service", "model"),
    [
        ("Claude (100K)", "claude-100k"),
        ("Claude 3.5 Sonnet v2", "claude-3.5-sonnet-v2"),
        ("Cohere Embed 3 Model - English", "cohere-embed-3-model-english"),
        ("Cohere Generate Model - Command Light", "cohere-generate-model-command-light"),
        ("Stable Diffusion 3 Large v1.0", "stable-diffusion-3-large-v1.0"),
        ("OpenAI GPT-5.6 Sol", "openai-gpt-5.6-sol"),
        ("Jurassic-2 Ultra", "jurassic-2-ultra"),
    ],
)
def test_a_marketplace_service_names_its_model(service: str, model: str) -> None:
    assert read_label(f"{service} (Amazon Bedrock Edition)", "NoUsageType", {}).model == model


def test_agentcore_is_no_model() -> None:
    assert read_label("Amazon Bedrock AgentCore", "USE1-Gateway-Calls", {}).model == "bedrock-agentcore"


@pytest.mark.parametrize(
    ("usage_type", "model"),
    [
        ("USE1-Claude3-5Haiku-input-tokens", "claude-3.5-haiku"),
        ("USE1-anthropic.claude-sonnet-4-6-mantle-input-tokens-standard", "claude-sonnet-4.6"),
        ("USE1-Claude4.6Sonnet-input-tokens", "claude-sonnet-4.6"),
        ("USE1-Claude6.4Sonnet-input-tokens", "claude-6.4-sonnet"),
    ],
)
def test_a_model_bears_the_name_of_its_service(usage_type: str, model: str) -> None:
    names = model_names(
        f"{name} (Amazon Bedrock Edition)" for name in ("Claude 3.5 Haiku", "Claude Sonnet 4.6", "Claude 4.6 Sonnet")
    )
    assert read_label(OWN, usage_type, names).model == model


def test_names_in_other_scripts_are_no_spellings_of_each_other() -> None:
    services = [f"{name} (Amazon Bedrock Edition)" for name in ("データ 5", "モデル 5", "モデル", "☃", "✈", "²")]
    names = model_names(services)
    read = [read_label(service, "USE1-MP:USE1_InputTokenCount-Units", names).model for service in services]
    assert read == ["データ-5", "モデル-5", "モデル", "☃", "✈", "²"]

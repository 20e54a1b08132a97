import pytest

from connectors.vertex_skus import Sku, read_sku

SKUS = {
    "Gemini 2.5 Flash GA Text Input - Predictions": Sku("gemini-2.5-flash", "", "input"),
    "Gemini 2.5 Flash GA Text Output (Thinking On) - Predictions": Sku("gemini-2.5-flash", "", "output"),
    "Gemini 2.5 Flash GA Input Text Caching": Sku("gemini-2.5-flash", "", "cached_input"),
    "Gemini 2.5 Pro Thinking Text Output - Predictions": Sku("gemini-2.5-pro", "", "output"),
    "Gemini 2.5 Pro Input Image Caching": Sku("gemini-2.5-pro", "", "cached_input"),
    "Gemini 3.0 Pro Image Output - Predictions": Sku("gemini-3.0-pro", "", "output"),
    "Gemini 3.5 Flash Global Text Input - Predictions": Sku("gemini-3.5-flash", "", "input"),
    "Gemini 3.1 Flash Image Text Output - Predictions": Sku("gemini-3.1-flash-image", "", "output"),
    "Gemini 3.1 Flash Lite Global Audio Input - Predictions": Sku("gemini-3.1-flash-lite", "", "input"),
    "Gemini 2.5 Flash Text Input - Batch Predictions": Sku("gemini-2.5-flash", "batch", "input"),
    "Gemini 2.5 Flash Live Text Input - Predictions": Sku("gemini-2.5-flash", "live", "input"),
    "Gemini 2.5 Pro Text Input (Long) - Predictions": Sku("gemini-2.5-pro", "long", "input"),
    "Gemini 2.5 Pro Text Output Priority (Thinking On and Long) - Predictions": Sku(
        "gemini-2.5-pro", "priority long", "output"
    ),
    "Gemini 3.8 Flash Text Input Caching Storage": Sku("gemini-3.8-flash", "", "cache storage"),
    "Gemini 3 Flash Image Input Caching Priority": Sku("gemini-3-flash", "priority", "cached_input"),
    "Gemini 1.5 Flash Input tokens": Sku("gemini-1.5-flash", "", "input"),
    "Generate content input token count gemini 3.5 flash text": Sku("gemini-3.5-flash", "", "input"),
    "Generate content cached input token count gemini 3.5 flash text": Sku("gemini-3.5-flash", "", "cached_input"),
    "Generate content output token count gemini 2.5 flash short input text": Sku("gemini-2.5-flash", "", "output"),
    "Generate_content text cached input token count for gemini 3 pro short": Sku("gemini-3-pro", "", "cached_input"),
    "Generate_content image output token count for Gemini 3 Pro Image": Sku("gemini-3-pro-image", "", "output"),
    "Generate_content image output token count for Gemini 2.5 Flash Native Image Generation": Sku(
        "gemini-2.5-flash-native-image-generation", "", "output"
    ),
    "Generate content output token count gemini 3 flash text flex": Sku("gemini-3-flash", "flex", "output"),
    "Generate_content cached image input token count for gemini 3 flash": Sku("gemini-3-flash", "", "cached_input"),
    "Generate_content_cached_input_token_count_gemini_3_pro_short_image": Sku("gemini-3-pro-image", "", "cached_input"),
    "Generate content input token count gemini 3.1 flash lite preview text": Sku("gemini-3.1-flash-lite", "", "input"),
    "Generate content input token count gemini 3.7 flash image flex caching": Sku(
        "gemini-3.7-flash", "flex", "cached_input"
    ),
    "Generate content search query gemini 3 free": Sku("grounding", "", "searches"),
    "Claude Sonnet 4.6 — Input Tokens — global — Context Window Size from 0 to 200000 Tokens": Sku(
        "claude-sonnet-4.6", "", "input"
    ),
    "Claude Opus 4 8 — Input Cache Write Tokens (TTL 3600 seconds) — us-east5 — Context Window Size from 200001 to "
    "1000000 Tokens": Sku("claude-opus-4.8", "long", "cache_write"),
    "Claude Opus 4 8 — Input Cache Read Tokens — global": Sku("claude-opus-4.8", "", "cached_input"),
    "Claude Haiku 4 5 — Web Search Requests — global": Sku("grounding", "", "searches"),
    "Claude 3 Haiku Input Tokens": Sku("claude-3-haiku", "", "input"),
    "Claude 3 Haiku Input Cache Write Tokens": Sku("claude-3-haiku", "", "cache_write"),
    "Cloud Vertex AI Model Garden Model as a Service Llama 4 Scout Output Tokens": Sku("llama-4-scout", "", "output"),
    "Cloud Vertex AI Model Garden Model as a Service Qwen3-Next-80b-A3B-Instruct Input Token": Sku(
        "qwen3-next-80b-a3b-instruct", "", "input"
    ),
    "Cloud Vertex AI Model Garden Model as a Service DeepSeek-V3.1 Cached Text Input Token": Sku(
        "deepseek-v3.1", "", "cached_input"
    ),
    "Cloud Vertex AI Model Garden Model as a Service Llama 4 Maverick Batch Input Token": Sku(
        "llama-4-maverick", "batch", "input"
    ),
    "Translation LLM Input Characters": Sku("translation-llm", "", "characters"),
    "Imagen 3 Generation (output)": Sku("imagen-3", "", "images"),
    "Imagen 4 fast Generation (output)": Sku("imagen-4-fast", "", "images"),
    "Veo Fast Generation 720p with Audio": Sku("veo-fast", "720p audio"),
    "Veo Generation 4k": Sku("veo", "4k"),
    "Number of videos generated": Sku("veo", "", "videos"),
    "Lyria 3 Audio Ouptut - Predictions": Sku("lyria-3"),
    "Large Text Embedding Model - Predictions": Sku("large-text-embedding-model"),
    "Embeddings for Text - Memory Bank": Sku("agent-platform"),
    "Vertex AI: Provisioned Throughput Gemini 3.0 Pro": Sku("provisioned-throughput"),
    "Vertex AI: ReasoningEngine management fee on CPU": Sku("agent-platform"),
    "Agent Platform Memory": Sku("agent-platform"),
    "Grounding with Google Maps on Gemini 3": Sku("grounding", "", "searches"),
    "Nvidia Tesla T4 GPU attached to a node": Sku("vertex-general"),
    "": Sku("vertex-general"),
    "—": Sku("vertex-general"),
}


@pytest.mark.parametrize("description", SKUS)
def test_a_description_of_a_real_bill_is_read(description: str) -> None:
    assert read_sku(description) == SKUS[description]


def test_a_description_without_end_is_read_in_no_time() -> None:
    assert read_sku("gemini text " * 2_000).model
    assert read_sku("generate content " + "input " * 5_000 + "token count for " + "x " * 5_000).kind == "input"

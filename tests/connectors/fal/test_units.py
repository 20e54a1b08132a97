import pytest

from connectors.fal_units import medium_of, unit_words


@pytest.mark.parametrize(
    ("category", "medium"),
    [
        ("text-to-image", "image"),
        ("image-to-video", "video"),
        ("audio-to-video", "video"),
        ("text-to-speech", "audio"),
        ("speech-to-text", "audio"),
        ("speech-to-speech", "audio"),
        ("text-to-music", "audio"),
        ("text-to-text", "LLM"),
        ("image-to-json", "image"),
        ("llm", "LLM"),
        ("image-to-3d", "3D"),
        ("training", None),
        ("", None),
    ],
)
def test_a_category_tells_what_a_model_makes(category: str, medium: str | None) -> None:
    assert medium_of(category) == medium


@pytest.mark.parametrize(
    ("unit", "medium", "words"),
    [
        ("image", "image", "images"),
        ("images", None, "images"),
        ("Images", "video", "images"),
        ("megapixels", "image", "megapixels"),
        ("megapixel", "video", "video megapixels"),
        ("seconds", "video", "video seconds"),
        ("second", "audio", "audio seconds"),
        ("seconds", None, "seconds"),
        ("video_second", "video", "video seconds"),
        ("video", "video", "videos"),
        ("1000 characters", "audio", "1000 characters"),
        ("compute seconds", "image", "image compute seconds"),
        ("compute seconds", None, "compute seconds"),
        ("request", "LLM", "LLM requests"),
        ("1M tokens", "LLM", "1M tokens"),
        ("units", "LLM", "units of m"),
        ("unit", None, "units of m"),
        ("", "image", "units of m"),
        ("GPU-H100 second", None, "GPU-H100 seconds"),
        ("  odd   thing ", None, "odd thing"),
    ],
)
def test_like_units_get_one_name_and_unlike_ones_two(unit: str, medium: str | None, words: str) -> None:
    assert unit_words(unit, medium, "m") == words

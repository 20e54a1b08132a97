"""The providers, one line each."""

from connectors.anthropic import ANTHROPIC
from connectors.base import AnyConnector
from connectors.bedrock import BEDROCK
from connectors.fal import FAL
from connectors.litellm import LITELLM
from connectors.openai import OPENAI
from connectors.openrouter import OPENROUTER
from connectors.runway import RUNWAY
from connectors.vertex import VERTEX

CONNECTORS: dict[str, AnyConnector] = {
    connector.slug: connector for connector in (OPENAI, ANTHROPIC, BEDROCK, VERTEX, FAL, RUNWAY, OPENROUTER, LITELLM)
}

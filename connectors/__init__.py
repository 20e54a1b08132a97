"""The providers, one line each."""

from connectors.base import AnyConnector
from connectors.openai import OPENAI

CONNECTORS: dict[str, AnyConnector] = {connector.slug: connector for connector in (OPENAI,)}

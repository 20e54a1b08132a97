"""What one argument of the command line may be; each raises `ArgumentTypeError` in words for people."""

import argparse
from datetime import date
from decimal import Decimal, InvalidOperation

from connectors import CONNECTORS


def day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2026-11-23") from None


def dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount in US dollars")
    return amount


def provider(text: str) -> str:
    if text not in CONNECTORS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a provider; there are: {', '.join(CONNECTORS)}")
    return text

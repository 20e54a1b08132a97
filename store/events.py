"""The vocabulary of metering: what a client says about one call of a model.

Words are those of `store.records`. An event tells use as the application saw it; what it cost is the provider's to say,
so metered cost is only ever compared with the bill, never added to it.
"""

from datetime import UTC, date
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from store.records import Amount, Count, Quantity, Text

LATEST_DAYS = 45
"""Days after its own day that an event may still come."""
OTHER = "(other)"
"""Stands for a label that was given up, because there were too many different ones (see `metering_rows`)."""

Source = Literal["revenium", "opentelemetry"]
Operation = Literal["completion", "image", "video", "audio"]
EventId = Annotated[Text, StringConstraints(min_length=1, max_length=200)]
Label = Annotated[Text, StringConstraints(max_length=300)]


class MeteredEvent(BaseModel):
    """One call of a model as its client metered it; content of prompts and answers is never part of it.

    `event_id` names the call: the same id is the same event, however often and by whomever it is told. `provider` is
    the slug of who sends the bill, or the client's own word in lower case where that is none of ours. `api_key`,
    `workspace` and `application` are what the client calls them, "" where it does not say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source
    event_id: EventId
    occurred_at: AwareDatetime
    operation: Operation
    provider: Label
    model: Label
    api_key: Label = ""
    workspace: Label = ""
    application: Label = ""
    cost: Amount | None = None
    """US dollars; None: neither the client nor the price library knows, which is never zero."""
    is_priced: bool = False
    """Whether `cost` is use at public prices instead of the client's own word."""
    is_failed: bool = False
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    output_tokens: Count | None = None
    usage_quantity: Quantity | None = None
    usage_unit: Label | None = None

    @property
    def day(self) -> date:
        """The UTC day of the call."""
        return self.occurred_at.astimezone(UTC).date()

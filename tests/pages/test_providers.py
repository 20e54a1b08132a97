from store.db import Store
from tests.pages.conftest import OpenPage, shown


def test_each_provider_has_a_line_with_its_bill(seeded: Store, open_page: OpenPage) -> None:
    app = open_page()
    table = shown(app)
    assert table["provider"].to_list() == ["openai", "anthropic"]
    assert [str(value) for value in table["billed_cost"]] == ["157.254000000", "50.000000000"]
    assert app.metric[0].label == "Net cost"
    assert app.metric[0].value == "$207.25"

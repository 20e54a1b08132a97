"""The Workspaces table and its parts from rows whose sums can be checked in the head; the window is March 11 to 20."""

from store.frames import MICROS
from store.metrics import PART_COLUMNS, unnamed, workspace_parts, workspaces
from tests.store.test_metrics import ASKED, D, frame, kept, lines, row

OURS = frame(
    row(12, 1, workspace="Ours"),
    row(2, 4, workspace="Ours"),
    row(12, 2, workspace="Ours", provider="fal", account_id=2, workspace_id="p7"),
    row(12, 4, workspace="Ours", provider="fal", account_id=2, workspace_id="p7", api_key_id="", model="o9"),
    row(13, 1, workspace="Ours", provider="fal", account_id=3, workspace_id="p7", cost_basis="priced"),
    row(12, 8, workspace_id="", api_key_id=""),
)


def test_workspaces_of_several_providers_under_one_name_are_one_line() -> None:
    table = workspaces(kept(OURS, ASKED), ASKED)
    assert lines(table, "workspace", "providers", "parts", "workspace_ids", "billed_cost", "api_keys", "models") == [
        ("Ours", "fal, openai", 3, "p7, w1", 8 * D, 3, 2),
        ("Unattributed", "openai", 1, "", 8 * D, 0, 1),
    ]


def test_the_parts_of_a_name_add_up_to_its_line() -> None:
    parts = workspace_parts(kept(OURS, ASKED), "Ours")
    assert (*PART_COLUMNS, "account_id") == tuple(parts.columns)
    assert lines(parts, "provider", "account_id", "workspace_id", "net_cost", "previous_net_cost", "share") == [
        ("fal", 2, "p7", 6 * D, None, 0.75),
        ("fal", 3, "p7", D, None, 0.125),
        ("openai", 1, "w1", D, 4 * D, 0.125),
    ]
    assert lines(parts, "cost_basis", "api_keys") == [("reported", 1), ("priced", 1), ("reported", 1)]
    assert workspace_parts(kept(OURS, ASKED), "Nobody's").is_empty()


def test_parts_of_a_line_without_cost_have_no_share() -> None:
    rows = kept(frame(row(12, 1), row(12, -1, account_id=2)), ASKED)
    assert lines(workspace_parts(rows, "W1"), "share") == [(None,), (None,)]


def test_a_workspace_shown_by_the_providers_id_is_unnamed() -> None:
    rows = frame(
        row(12, 5, workspace_id="proj_1", workspace="proj_1"),
        row(12, 3, workspace_id="proj_2", workspace="Ours"),
        row(12, 1, workspace_id="proj_3", workspace="proj_3"),
        row(12, 1, workspace_id="", api_key_id=""),
        row(2, 1, workspace_id="proj_4", workspace="proj_4"),
    )
    table = workspaces(kept(rows, ASKED), ASKED)
    assert lines(table, "workspace", "naming") == [
        ("proj_1", "unnamed"),
        ("Ours", None),
        ("Unattributed", None),
        ("proj_3", "unnamed"),
    ]
    assert unnamed(table) == ["proj_1", "proj_3"]


def test_images_are_rolled_into_their_workspace() -> None:
    rows = frame(
        row(12, 2, usage_quantity=3 * MICROS, usage_unit="images", model="painter"),
        row(13, 1, usage_quantity=1 * MICROS, usage_unit="images", model="painter", provider="fal", account_id=2),
        row(12, 5, input_tokens=9),
        row(2, 7, usage_quantity=9 * MICROS, usage_unit="images", model="painter"),
        row(12, 4, workspace_id="w2"),
    )
    table = workspaces(kept(rows, ASKED), ASKED)
    assert lines(table, "workspace", "images", "image_cost", "net_cost") == [
        ("W1", 4, 3 * D, 8 * D),
        ("W2", None, None, 4 * D),
    ]
    parts = workspace_parts(kept(rows, ASKED), "W1")
    assert lines(parts, "provider", "images", "image_cost") == [("openai", 3, 2 * D), ("fal", 1, D)]


def test_a_name_is_judged_by_the_past_of_all_its_parts() -> None:
    past = [row(on, 5, account_id=account) for on in range(1, 11) for account in (1, 2)]
    now = [row(on, 50 if account == 1 else 5, account_id=account) for on in range(11, 21) for account in (1, 2)]
    assert lines(workspaces(kept(frame(*past, *now), ASKED), ASKED), "workspace", "outlier") == [("W1", "above")]

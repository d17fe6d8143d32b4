"""The order of the layers, and who may write money: see docs/adr/0008."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = [
    "web",
    "users",
    "audit",
    "exports",
    "identities",
    "ledgers",
    "balances",
    "transactions",
    "search",
    "schedules",
    "reports",
    "bulk",
    "imports",
    "dashboard",
]
POSTING = {
    Path("transactions/posting.py"),
    Path("transactions/batches.py"),
    Path("transactions/lifecycle.py"),
}
WRITES = {
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "bulk_update",
    "update",
    "delete",
    "save",
}
HISTORY = {"Entry", "Transaction", "Hold", "Reservation"}
KEPT_FIGURES = {
    "credit_minor",
    "debit_minor",
    "inflight_credit_minor",
    "inflight_debit_minor",
    "entry_count",
    "transaction_count",
    "ledger_transaction_count",
    "follower_count",
    "ledger_follower_count",
    "last_entry_at",
}
# A balance may be inserted: a trigger sees to it that it opens at zero.
SQL_WRITE = re.compile(
    r"\b(update|delete\s+from|truncate|copy)\s+(table\s+)?balances_balance\b"
    r"|\b(insert\s+into|update|delete\s+from|truncate|copy)\s+(table\s+)?"
    r"(transactions_(transaction|entry|hold|reservation))\b"
    r"|\btransactions_(post|post_staged|hold|settle|undo)\(",
    re.IGNORECASE,
)


def sources(layer: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / layer).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(ROOT), ast.parse(path.read_text())


def imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("layer", LAYERS)
def test_layer_imports_no_later_layer(layer: str) -> None:
    later = set(LAYERS[LAYERS.index(layer) + 1 :])

    found = {
        f"{path}: {name}"
        for path, module in sources(layer)
        for name in imports(module)
        if name.partition(".")[0] in later
    }

    assert not found


def test_configuration_imports_no_layer() -> None:
    found = {
        f"{path}: {name}"
        for path, module in sources("config")
        for name in imports(module)
        if name.partition(".")[0] in LAYERS
    }

    assert not found


def test_presentation_leaf_has_no_models() -> None:
    assert not (ROOT / "web" / "models.py").exists()


@pytest.mark.parametrize("layer", LAYERS)
def test_only_posting_writes_history_and_kept_figures(layer: str) -> None:
    found = {
        f"{path}:{line}"
        for path, module in sources(layer)
        if path not in POSTING
        for line in writes_of_money(module)
    }

    assert not found


def writes_of_money(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and is_write(node):
            yield node.lineno
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(
                isinstance(each, ast.Attribute) and each.attr in KEPT_FIGURES for each in targets
            ):
                yield node.lineno
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and SQL_WRITE.search(node.value)
        ):
            yield node.lineno


def is_write(call: ast.Call) -> bool:
    """Whether this writes history, or names a kept figure in a write of anything."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in WRITES:
        return False
    names = {node.id for node in ast.walk(call.func) if isinstance(node, ast.Name)}
    return bool(names & HISTORY) or any(word.arg in KEPT_FIGURES for word in call.keywords)


@pytest.mark.parametrize(
    "source",
    [
        "Entry.objects.bulk_create(rows)",
        "Transaction.objects.filter(pk=1).delete()",
        "Balance.objects.filter(pk=1).update(credit_minor=5)",
        "balance.debit_minor += 5",
        'cursor.execute("UPDATE balances_balance SET credit_minor = 5")',
        'cursor.execute("SELECT * FROM transactions_post(%s)")',
    ],
)
def test_a_write_of_money_is_noticed(source: str) -> None:
    assert list(writes_of_money(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "Entry.objects.filter(balance=balance).values('amount_minor')",
        "Total(credit_minor=5)",
        "Balance.objects.filter(pk=1).update(closed_at=at)",
    ],
)
def test_reading_money_is_no_write(source: str) -> None:
    assert not list(writes_of_money(ast.parse(source)))

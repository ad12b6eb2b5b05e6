"""The rooms of unspun, in the order in which data walks through them.

    fetch/          bytes in         what was asked for -> text with its provenance
    boilerplate/    page -> text     main content, metadata, what was removed and why
    mojibake/       text made true   broken encodings and typography
    stories/        who copies whom  relations between articles, clusters, witnesses
    spinner/        words made true  spun words found, repaired or only suggested
    export/         columns out      tables, published whole or not at all

The files beside the rooms are the floor they stand on: `outcome` (kept or dropped, and the errors), `edits`
(changes that can be undone), `arrow_codec` and `shards` (the hand-over), `rule_table` (rules as data), `charset` (bytes
to text), `workers` (processes that may die) and `stage` (one stage over one shard).

The import law, kept by `tests/architecture/test_import_law.py`:

1. A room imports itself, the files beside the rooms, and the `records.py` of rooms before it. Nothing else.
2. Only `flows/` and `task.py` files import Prefect.
3. Only the edge modules touch the world: fetch's clients, archive, ledger and sources, `shards`, `workers`, export's
   writer.
4. `__init__.py` files of rooms are empty.
"""

"""The rows of the targets table, one file each: `rows_of(stage)` measures and returns its lines."""

"""Records in, committed Parquet out; SQL over it."""

"""What runs when: the command, the batches, the Prefect flows."""

"""The edge where bytes come in: files, standard input, addresses. No Prefect here."""

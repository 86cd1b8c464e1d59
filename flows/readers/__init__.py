"""The edge where bytes come in: files, folders, standard input and the web. Nothing here knows Prefect."""

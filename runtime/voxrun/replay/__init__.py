"""Call scripts: their format, the runner, expectations, the pytest plugin."""

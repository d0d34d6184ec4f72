"""Rules about people, API keys and jobs: pure functions over frozen dataclasses."""

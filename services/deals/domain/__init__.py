"""The rules of deals: frozen dataclasses and pure functions, without clock, chance or I/O."""

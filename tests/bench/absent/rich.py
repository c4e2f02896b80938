"""Not part of the desk: the tests' own tools bring this library, and structlog loads whatever it finds."""

raise ImportError("rich is no dependency of the desk")

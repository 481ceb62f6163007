"""Where islands run: the interface of an engine, its implementation in threads, and migration."""

"""How it is seen: figures, drawn from plain data that other rooms computed."""

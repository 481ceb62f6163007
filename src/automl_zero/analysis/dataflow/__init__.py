"""Lines of a program: how they are addressed and edited, and the data flow between them."""

"""How programs evolve: mutation, regularized evolution and random search in one compiled loop."""

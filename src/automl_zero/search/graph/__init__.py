"""Programs as graphs: lifting, mutation, scheduling, and code generation (Mishima and Ono 2025)."""

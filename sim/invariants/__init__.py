"""The invariants I1 to I8, checked from what is written to the stores and what people were promised."""

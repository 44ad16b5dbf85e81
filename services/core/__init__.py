"""Plain things every room needs: ids, clock, errors. Pure; imports nothing of ours."""

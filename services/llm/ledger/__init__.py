"""What calls cost: budgets before they are made, the booking of every attempt after it."""

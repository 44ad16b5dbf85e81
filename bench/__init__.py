"""What the README's figures come from, and the synthetic people and vendors that tests share."""

"""What the institution promised: rules as data, and pure functions of them."""

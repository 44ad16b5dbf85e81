"""How one call gets its words in time: routes in order, attempts at once or in turn, one answer."""

"""A package, so that no other package of this name, such as that which small-text brings along, comes before it."""

"""The point list and the maps: domain facts that are read from YAML."""

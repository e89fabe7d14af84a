"""The sources: what instruments say, turned into updates of a meter."""

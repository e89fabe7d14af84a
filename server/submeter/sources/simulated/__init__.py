"""An instrument that is not there: a believable household for demonstrations and tests."""

"""The services: from the parameters of a request to those of its answer."""

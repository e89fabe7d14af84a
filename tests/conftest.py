"""What holds for every test."""

from hypothesis import settings

# A machine may be busy: an example that takes long is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

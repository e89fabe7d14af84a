"""What a client may do to the device itself: silence, restart, clock."""

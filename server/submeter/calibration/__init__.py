"""From what clamps and a reference measured to corrections of the clamps."""

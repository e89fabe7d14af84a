"""What integrators import and file: EDE, PICS and object lists, made from the objects."""

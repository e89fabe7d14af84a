"""From what an instrument said to points, as a source map tells."""

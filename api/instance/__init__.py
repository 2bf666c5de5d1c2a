"""An instance: its founding, its parts and what starts when."""

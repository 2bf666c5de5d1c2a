"""What is kept: SQLAlchemy tables and the engine they live in."""
